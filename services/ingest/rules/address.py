"""The addresses that a message shows: of a picture, a page, a button's link. Pure.

    given ─▶ http or https, a host, no login ─▶ ASCII: IDNA for the host, percent-encoding behind it ─▶ phone, provider

Any other text is refused, since a provider may drop the whole message for it. A button that opens the app may have any
text: its options are the app's own. A mailing's marks stay; the values that replace them are checked line by line.
"""

import re
from collections.abc import Mapping
from typing import Any

from services.ingest.rules.errors import Refused, invalid
from services.runtime.http.web_address import BadAddress, browser_address

FIRST_MARK, LAST_MARK = "\U0010f000", "\U0010fffd"
"""Private characters that stand in a mailing's template for a recipient's values (`mailing/rules/draft.py`)."""
MARK = re.compile(f"[{FIRST_MARK}-{LAST_MARK}]")
LINK = "link"
"""The action of a button whose `options` are an address."""


def shown_url_of(url: str | None, field: str) -> str | None:
    """The address as it is sent; None for none. Raises error 4."""
    if not url:
        return None
    if MARK.match(url):
        return url  # all of it, or where it begins, is a recipient's value
    try:
        address = browser_address(MARK.sub("0", url))
    except BadAddress as error:
        raise invalid(field, str(error)) from None
    return url if MARK.search(url) else address


def options_of_button(action: str, options: str | None, field: str) -> str | None:
    """What a button has besides its action. Raises error 4."""
    if action.lower() != LINK or not options:
        return options
    return shown_url_of(options, f"{field}.options")


def rich_addresses(rich: Mapping[str, Any], field: str) -> dict[str, Any]:
    """A RICH with its addresses as they are sent. Raises error 4."""
    made = dict(rich)
    if made.get("content-url"):
        made["content-url"] = shown_url_of(made["content-url"], f"{field}.content-url")
    if made.get("actions"):
        made["actions"] = [_button(button, f"{field}.actions[{place}]") for place, button in enumerate(made["actions"])]
    return made


def filled_url(url: str) -> str:
    """The address with a recipient's values in it. One that was accepted under older rules stays as it is."""
    try:
        return shown_url_of(url, "") or ""
    except Refused:
        return url


def _button(button: Mapping[str, Any], field: str) -> dict[str, Any]:
    options = button.get("options")
    return {**button, **({"options": options_of_button(str(button.get("action")), options, field)} if options else {})}
