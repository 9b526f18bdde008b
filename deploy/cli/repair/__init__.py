"""Commands that repair the database: what they do and print.

Imported only when one of them is called (`commands.py`): the services' own code comes with it, and every other command
would wait for that.
"""
