"""Marks: private characters that stand in a mailing's template for a recipient's values (`draft.py`). Pure."""

import re

FIRST_MARK, LAST_MARK = "\U0010f000", "\U0010fffd"
MARK = re.compile(f"[{FIRST_MARK}-{LAST_MARK}]")
