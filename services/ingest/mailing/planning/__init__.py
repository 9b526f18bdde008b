"""The planning of running mailings: recipients become messages, slice by slice."""
