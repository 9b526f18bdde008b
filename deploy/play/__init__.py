"""What plays on a stack in the demo, the tour, benchmarks and end-to-end tests.

stack.py      the stack: the one that runs, or one of its own
bank.py       the partner's side: sends, asks what became of a message
sides.py      the bank, the phones and the sandbox's control, opened together
"""
