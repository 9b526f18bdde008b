"""What ends a command: one line for a person, never a traceback."""


class Fault(Exception):
    """The message is one line that says what to change, when somebody can change it."""
