"""What the HTTP services share: the server, bodies with a limit, clean text, problem details.

Bad input never becomes a 5xx: malformed JSON, wrong types, over-long values, NULs, lone surrogates and bodies over
64 KB are answered with 4xx as RFC 9457 problem details that name the field and the rule, in words of the language that
the request asks for (`services/runtime/words`).
"""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.codec import Newer
from schemas.language import Language
from services.runtime import faults, telemetry
from services.runtime.http.body_deadline import BodyDeadline
from services.runtime.http.field_names import field_of, rule_of
from services.runtime.http.field_rules import NOT_JSON
from services.runtime.http.native_names import body_faults, body_of, methods_at, query_faults
from services.runtime.http.one_write import OneWriteProtocol
from services.runtime.loops import pause
from services.runtime.mongo.errors import REFUSALS, OutOfTime
from services.runtime.pages.headers import SECURITY_HEADERS, Giving
from services.runtime.process import Process
from services.runtime.text.languages import spoken_by
from services.runtime.words import translation_of

log = telemetry.logger("web")
MAX_BODY_BYTES = 64 * 1024
_FASTAPI_CANNOT_READ = "There was an error parsing the body"
COMPRESSED = "must not be given: bodies are taken uncompressed"
_PLAIN = (b"", b"identity")
PROBLEM_KEY = "rpns.problem"
"""In the scope of a request that was answered by a problem: its body, in English."""
_DATE_S = 1.0
_MOST_OF_PATH = 200


def is_compressed(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the body would have to be unpacked first."""
    return any(name == b"content-encoding" and value.strip().lower() not in _PLAIN for name, value in headers)


class ProblemBody(BaseModel):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[dict[str, str]] = []


CONFLICT: Mapping[int | str, dict[str, Any]] = {409: {"model": ProblemBody}}
"""Of a route: what it asks for does not fit the state of the thing."""
UNREADABLE: Mapping[int | str, dict[str, Any]] = {415: {"model": ProblemBody}}
"""Of a route that takes lists: their type, alphabet or packing is none that it reads."""


class Problem(Exception):
    """An answer that is an error: `status` 4xx or 503, and what the caller should know.

    `retry_after_s` goes with 429 and 503: after how many seconds the same may be asked again. `kind` is the problem's
    `type`, where a program is to tell it from others of its status.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        errors: Sequence[dict[str, str]] = (),
        *,
        retry_after_s: int = 1,
        kind: str = "about:blank",
    ) -> None:
        super().__init__(title)
        self.body = ProblemBody(type=kind, title=title, status=status, detail=detail, errors=list(errors))
        self.retry_after_s = retry_after_s


class ProblemResponse(Response):
    """Problem details. Their language is chosen when they are sent: whoever refuses need not know who asks."""

    media_type = "application/problem+json"

    def __init__(self, problem: ProblemBody, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(_json_of(problem), problem.status, headers)
        self._problem, self._given = problem, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[PROBLEM_KEY] = self._problem
        language = spoken_by(scope["headers"])
        if language is Language.ENGLISH:
            await super().__call__(scope, receive, send)
            return
        problem = _in_words_of(self._problem, language)
        headers = {**(self._given or {}), "Content-Language": language.value}
        await Response(_json_of(problem), problem.status, headers, self.media_type)(scope, receive, send)


def _json_of(problem: ProblemBody) -> str:
    return problem.model_dump_json(exclude_defaults=True)


def _in_words_of(problem: ProblemBody, language: Language) -> ProblemBody:
    """The problem with its words in this language; what programs read is as it was."""
    return ProblemBody(
        type=problem.type,
        title=translation_of(problem.title, language),
        status=problem.status,
        detail=translation_of(problem.detail, language),
        errors=[{**error, "rule": translation_of(error.get("rule", ""), language)} for error in problem.errors],
    )


def problem_response(problem: ProblemBody, headers: Mapping[str, str] | None = None) -> Response:
    return ProblemResponse(problem, headers)


def nothing_at(path: str) -> ProblemBody:
    """404 for a path that no route has, or none that the caller may know of: both say the same."""
    return ProblemBody(title="Not Found", status=404, detail=f"there is nothing at {path[:_MOST_OF_PATH]}")


def not_allowed(methods: str) -> Response:
    """405 for a path whose routes have other methods. `methods`: those, with commas between."""
    problem = ProblemBody(title="Method Not Allowed", status=405, detail=f"allowed here: {methods}")
    return problem_response(problem, {"Allow": methods})


def problem_answer(problem: Problem) -> Response:
    """The answer that a Problem asks for."""
    headers = {"Retry-After": str(problem.retry_after_s)} if problem.body.status in (429, 503) else None
    return problem_response(problem.body, headers)


class BodyLimit:
    """ASGI middleware: refuses a body over the limit with 413, whether or not its length was announced, and one that is
    compressed, whose length would say nothing, with 400.

    `larger` gives paths that may take more, in bytes: their beginnings, and behind a `*` their ends; what ends with
    `streamed` is never held in memory, and has none.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int = MAX_BODY_BYTES,
        larger: Mapping[str, int] | None = None,
        streamed: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self._streamed = streamed
        self._limit = limit
        self._larger = {(path.partition("*")[0], path.partition("*")[2]): most for path, most in (larger or {}).items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_streamed = scope["type"] != "http" or scope["path"].endswith(self._streamed)
        if not is_streamed and is_compressed(scope["headers"]):  # what is streamed says itself what it unpacks
            errors = [{"field": "Content-Encoding", "rule": COMPRESSED}]
            await problem_response(ProblemBody(title="Invalid request", status=400, errors=errors))(
                scope, receive, send
            )
            return
        if is_streamed:
            await self._app(scope, receive, send)
            return
        seen, limit = 0, self._limit_of(scope["path"])

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:  # of all exceptions FastAPI lets only this one through while it reads a body
                raise HTTPException(413, f"Body too large: at most {limit} bytes")
            return message

        await self._app(scope, counted, send)

    def _limit_of(self, path: str) -> int:
        for (start, end), most in self._larger.items():
            if path.startswith(start) and path.endswith(end):
                return most
        return self._limit


def install_problems(app: FastAPI) -> None:
    """Answer every error of this application as problem details, and refuse what nobody reads.

    Call it before routes are added.
    """
    app.router.dependencies.append(Depends(_nothing_unread))

    @app.exception_handler(Problem)
    async def on_problem(_: Request, problem: Problem) -> Response:
        return problem_answer(problem)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        errors = _whole_body(request, found) or field_errors(found, body_of(request))
        return problem_response(ProblemBody(title="Invalid request", status=400, errors=errors))

    @app.exception_handler(ClientDisconnect)
    async def on_gone(_: Request, __: ClientDisconnect) -> Response:
        """The caller has gone: nobody gets this answer, and it is no fault of ours to log."""
        return problem_response(ProblemBody(title="The request was cut off", status=400))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return problem_response(nothing_at(request.url.path))
        if error.status_code == 400 and error.detail == _FASTAPI_CANNOT_READ:
            errors = [{"field": "body", "rule": NOT_JSON}]
            return problem_response(ProblemBody(title="Invalid request", status=400, errors=errors))
        headers = dict(error.headers or {})
        if error.status_code == 405:
            return not_allowed(", ".join(sorted(methods_at(request.scope))))
        return problem_response(ProblemBody(title=str(error.detail), status=error.status_code), headers)

    app.add_middleware(Unfailing)


def _whole_body(request: Request, found: Sequence[Any]) -> list[dict[str, str]]:
    """What is wrong with the body as a whole: it is no JSON, or not said to be."""
    if any(error["type"] == "json_invalid" for error in found):
        return [{"field": "body", "rule": NOT_JSON}]
    if any(tuple(error["loc"]) == ("body",) and isinstance(error.get("input"), bytes) for error in found):
        return [{"field": "Content-Type", "rule": "must be application/json in UTF-8"}]
    return []


class Unfailing:
    """ASGI middleware: answers what nobody expected. Starlette's own raises it again behind the answer, the server then
    closes the connection without a word, and the gateway's next request on it, somebody else's, is answered 502."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            if has_begun or scope["type"] != "http":  # half an answer can only be broken off
                raise
            await failed(error)(scope, receive, send)


NEWER = ProblemBody(
    title="Stored by a newer release",
    status=503,
    detail="this instance cannot read it before it is updated; another one may",
)


def failed(error: Exception) -> Response:
    """The answer to what nobody expected: 503 where to ask again may help, and 500 with a line in the log."""
    if isinstance(error, faults.TRANSIENT_ERRORS):
        return unavailable(error)
    if isinstance(error, Newer):
        log.warning("a request is for a newer release", error=str(error))
        return problem_response(NEWER, {"Retry-After": "60"})
    log.error("a request failed", exc_info=error)
    if isinstance(
        error, REFUSALS
    ):  # an error of the database that nobody knows: to ask again may help, a 500 says not to
        return problem_response(ProblemBody(title="Service is unavailable", status=503), {"Retry-After": "10"})
    return problem_response(ProblemBody(title="Internal error", status=500))


def unavailable(error: Exception) -> Response:
    """503. The answer names a query that the database gave up: repeating it unchanged would not help."""
    if isinstance(error, OutOfTime):
        detail = "the question takes the database too long: narrow the period, or name what to look for"
        return problem_response(ProblemBody(title="Out of time", status=503, detail=detail), {"Retry-After": "60"})
    return problem_response(ProblemBody(title="Service is unavailable", status=503), {"Retry-After": "1"})


async def _nothing_unread(request: Request) -> None:
    if faults := [*query_faults(request), *await body_faults(request)]:
        raise Problem(400, "Invalid request", errors=faults)


def field_errors(errors: Sequence[Any], model: type[BaseModel] | None = None) -> list[dict[str, str]]:
    """pydantic's errors as {field, rule}; the value itself is never repeated. `model`: whose names may be meant."""
    return [{"field": field_of(error["loc"]), "rule": rule_of(error, model)} for error in errors]


def json_response(value: Any) -> Response:
    return Response(orjson.dumps(value), 200, None, "application/json")


class _Server(uvicorn.Server):
    """uvicorn, without its own signal handlers: the process has them. It ends with `stop`, and looks up once a second,
    for the Date of its answers, where uvicorn would look ten times whether it is to end."""

    def __init__(self, config: uvicorn.Config, stop: asyncio.Event, *, gives_way: bool) -> None:
        super().__init__(config)
        self._stop, self._gives_way = stop, gives_way

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def on_tick(self, counter: int) -> bool:
        is_to_end = await super().on_tick(counter)
        if self._gives_way:
            self.server_state.default_headers = Giving(self.server_state.default_headers)
        return is_to_end

    async def main_loop(self) -> None:
        while not self._stop.is_set():
            await self.on_tick(0)
            await pause(self._stop, _DATE_S)
        self.should_exit = True


def serve(
    process: Process,
    app: ASGIApp,
    name: str,
    address: tuple[str, int],
    uploads: tuple[str, ...] = (),
    *,
    gives_way: bool = False,
) -> None:
    """Serve `app` on host and port until the process stops; requests under way are finished.

    `uploads`: how the paths end whose bodies are streamed and may take long. `gives_way`: an answer's own header takes
    the place of the server's, at some cost of every answer.
    """
    host, port = address
    server = _Server(
        uvicorn.Config(
            BodyDeadline(app, uploads),
            host=host,
            port=port,
            headers=list(SECURITY_HEADERS),
            loop="none",
            http=OneWriteProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            limit_concurrency=process.settings.max_connections,
            timeout_graceful_shutdown=int(process.settings.shutdown_s),
        ),
        process.stop,
        gives_way=gives_way,
    )

    async def is_serving() -> bool:
        return bool(server.started) and not process.stop.is_set()

    process.ready_when(name, is_serving)
    process.spawn(server.serve(), name, drains=True)
