"""What the settings of operators' sign-in at their company's login (OpenID Connect) may be.

settings.py   the settings, and what is wrong with them      roles.py   which group is which scope
addresses.py   addresses that nobody listens to on the way
"""
