"""Sessions of operators who signed in to the console: what the cookie says, where it comes from, and whether it holds.

statement.py   what a session is, when it holds, and its sealed form, which every service can read
cookies.py     the cookie that carries it, over https and over plain http
same_site.py   whether a request that a cookie came with was made by the console's own page
"""
