"""The HTTP API as the commands call it: JSON there and back; whatever goes wrong becomes one line.

no answer            <url> cannot be reached: Connection refused; is the stack up? (`make up`)
401, 403             the token (or the login) was not taken, or does not have the scope
problem details      title: field: rule; field: rule
partner's errors     title (error 7): extendedDescription
"""

import base64
import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from deploy.cli.fault import Fault
from deploy.cli.words import phrase
from schemas import lossless
from schemas.language import Language

TIMEOUT_S = 60.0
MAX_ERROR_BYTES = 1 << 20
Json = dict[str, Any]
_NEXT = re.compile(r'<(\?[^>]+)>; rel="next"$')


class Refused(Fault):
    """The platform answered with an error; `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to somebody else."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


@dataclass(frozen=True)
class Gateway:
    """A platform and who is asking: `authorization` is the header of the operator or of a partner, `language` that of
    the words in its answers."""

    url: str
    authorization: str = ""
    language: Language = Language.ENGLISH

    def as_partner(self, login: str, password: str) -> "Gateway":
        pair = base64.b64encode(f"{login}:{password}".encode()).decode()
        return Gateway(self.url, f"Basic {pair}", self.language)

    def call(self, method: str, path: str, body: Json | None = None, version: str = "", **query: Any) -> Any:
        """`version` makes the change only if nobody else made one since. Raises Fault, Refused."""
        headers = {"Content-Type": "application/json"} | ({"If-Match": version} if version else {})
        return self.send(method, path, None if body is None else lossless.dumps(body), headers, **query)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None,
        headers: Mapping[str, str],
        timeout_s: float = TIMEOUT_S,
        **query: Any,
    ) -> Any:
        """A body in pieces is streamed. Raises Fault, Refused."""
        return self._answer(method, path, body, headers, timeout_s, **query)[0]

    def pages(self, path: str) -> list[Any]:
        """All entries of a list whose pages are linked by `Link: <…>; rel="next"`. Raises Fault, Refused."""
        found: list[Any] = []
        query = ""
        while True:
            page, headers_of_page = self._answer("GET", path + query, None, {}, TIMEOUT_S)
            found += page
            following = _NEXT.match(headers_of_page.get("Link") or "")
            if following is None:
                return found
            query = following[1]

    def _answer(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None,
        headers: Mapping[str, str],
        timeout_s: float,
        **query: Any,
    ) -> tuple[Any, http.client.HTTPMessage]:
        parameters = {name: value for name, value in query.items() if value is not None}
        url = self.url + path + (f"?{urlencode(parameters, doseq=True)}" if parameters else "")
        own = {"Accept-Language": self.language.value}
        if self.authorization:
            own["Authorization"] = self.authorization
        try:
            request = urllib.request.Request(url, body, {**headers, **own}, method=method)
            opener = urllib.request.build_opener(_NoRedirect)
            with opener.open(request, timeout=timeout_s) as response:
                content = response.read()
                return json.loads(content) if content else None, response.headers
        except urllib.error.HTTPError as error:
            with error:
                content = error.read(MAX_ERROR_BYTES)
            if error.code == 401 and self.authorization.startswith("Bearer "):
                text = (
                    "{url} did not take the operator's token (401); is it this platform's, and its operators' address?"
                )
                raise Refused(401, phrase(text, url=self.url)) from None
            raise Refused(error.code, explained(error.code, content)) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            why = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
            text = "{url} cannot be reached: {why}; is the stack up (locally `make up`), and is this its --url?"
            raise Fault(phrase(text, url=self.url, why=why)) from None
        except ValueError:
            text = "{url} answered something other than JSON; is it the platform's address?"
            raise Fault(phrase(text, url=self.url)) from None


def base_url(text: str) -> str:
    """Raises Fault when it is not an address."""
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits or not text.isascii() or " " in text:
        raise Fault(phrase("--url must be like http://127.0.0.1:8080; it is {given}", given=repr(text)))
    return text.rstrip("/")


def path(*parts: str) -> str:
    """A path of these parts, each escaped as an address needs it. Raises Fault for one that an address cannot hold."""
    if any(part in ("", ".", "..") for part in parts):
        raise Fault(phrase("an id or a name must not be empty, and not . or .."))
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def explained(status: int, content: bytes) -> str:
    """An error answer in one line."""
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return phrase("the platform answered {status}", status=status)
    if isinstance(body.get("error"), dict):
        error = body["error"]
        code = phrase("error {code}", code=error.get("code"))
        line, detail = f"{error.get('description')} ({code})", body.get("extendedDescription")
    else:
        line, detail = str(body.get("title", status)), body.get("detail")
    errors = [
        f"{error.get('field')}: {error.get('rule')}" for error in body.get("errors") or () if isinstance(error, dict)
    ]
    return f"{line} ({status}): {'; '.join(errors) or detail}" if errors or detail else f"{line} ({status})"
