"""What the routes of the registry share: their problems, who the operator is, and versions of entities."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response, Security

from schemas.language import Language
from services.runtime.http.listeners import operator_of
from services.runtime.http.security_schemes import OPERATOR
from services.runtime.http.server import Problem, ProblemBody
from services.runtime.text.languages import spoken_by

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemBody, "description": text}
    for status, text in {
        400: "The request breaks a rule; `errors` names field and rule",
        401: "The caller is not authenticated; of a login: which rule the proof breaks",
        403: "The application is switched off; `type` proof-required: only with a proof of login",
        413: "The body is too large",
        429: "Too many calls, of this installation, address or application; `Retry-After` says when",
        503: "The log or the database is away; try again",
    }.items()
}
_OPERATOR_PROBLEMS = {status: problem for status, problem in PROBLEMS.items() if status != 403}
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=64, description="the `version` that was read")]


def acting_operator(request: Request, _: None = Security(OPERATOR)) -> str:
    """The operator as events name the one who caused them. Raises Problem 401 for anybody else."""
    operator = operator_of(request)
    if operator is None:
        raise Problem(401, "Operator's token needed")
    return operator.by


By = Annotated[str, Depends(acting_operator)]


async def spoken(
    request: Request, response: Response, _: Annotated[str | None, Header(alias="Accept-Language")] = None
) -> Language:
    """A dependency: the language of the answer's words, which its headers name."""
    language = spoken_by(request.headers.raw)
    response.headers["Content-Language"], response.headers["Vary"] = language.value, "Accept-Language"
    return language


def operator_router(prefix: str, tag: str) -> APIRouter:
    """A router for operators alone."""
    return APIRouter(prefix=prefix, tags=[tag], dependencies=[Depends(acting_operator)], responses=_OPERATOR_PROBLEMS)


def version_of(if_match: str | None) -> str | None:
    """The version in an If-Match header, with or without quotes."""
    return None if if_match is None else if_match.strip().strip('"')
