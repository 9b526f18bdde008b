"""Whether a request that a cookie came with was made by the console's own page, and not by another site's. Pure.

    no X-RPNS-Console                       no: another site's page cannot set it, for nobody has allowed it to
    Sec-Fetch-Site, where the browser says  only "same-origin"
    else Origin, where it says              only the host that is asked

Source: OWASP, Cross-Site Request Forgery Prevention; W3C, Fetch Metadata.
"""

from urllib.parse import urlsplit

from starlette.types import Scope

HEADER = "X-RPNS-Console"


def is_of_console(scope: Scope) -> bool:
    """Whatever the method: reading has effects too, where looks are recorded."""
    headers: dict[bytes, str] = {name: value.decode("latin-1") for name, value in scope["headers"]}
    if not headers.get(HEADER.lower().encode()):
        return False
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get(b"origin")
    return origin is None or _host(origin) == headers.get(b"host", "").lower() != ""


def _host(origin: str) -> str:
    """Of an origin, as the header Host has it; empty for "null" and for what is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
