"""The page that a request comes from, and whether it may read the answer: what the application that it speaks for says.

No request is refused for its Origin: every right here is in a header that the caller has to have, none in a cookie that
a browser adds, so a page can do no more than any program. Web views say `null`, `file://` or a scheme of their own.
"""

from dataclasses import dataclass

from starlette.types import Scope

from schemas.application_events import ApplicationChanged

_KEY = "rpns.page"


@dataclass
class Page:
    """`is_allowed`: by any application, until it is known which one is asked, and by that one from then on."""

    origin: str
    is_allowed: bool


def comes_from(scope: Scope, page: Page) -> None:
    """Keep the page with its request."""
    scope[_KEY] = page


def answers_page(scope: Scope, application: ApplicationChanged) -> None:
    """The request is answered for this application: only a page whose origin it allows may read that."""
    page: Page | None = scope.get(_KEY)
    if page is not None:
        page.is_allowed = page.origin in application.allowed_origins
