"""Reads the query of a search or an export. Refusals name field and rule."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from fastapi import Depends, Query

from schemas import DeliveryState
from schemas.providers import Provider
from schemas.reasons import Reason
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.directory import Directory
from services.runtime.text import phones
from services.status.http import invalid, moment
from services.status.message import MessageQuery

_Words = Annotated[str | None, Query(max_length=300)]
_LARGEST_PACKET_ID = 2**53
_MAX_CALLBACK_DATA = 4_000
"""Of the callbackData that is looked for: an address is not much longer."""


def message_query(partner_caller: CallerOf, directory: Directory) -> Callable[..., Awaitable[MessageQuery]]:
    """The dependency that reads the query, narrowed to the caller's own messages; `directory` knows all partners."""

    async def wanted(
        phone: Annotated[str | None, Query(max_length=phones.MAX_LENGTH)] = None,
        user: _Words = None,
        id: _Words = None,  # noqa: A002 — the name that callers write
        extra: Annotated[str | None, Query(max_length=300, description="like extraParam")] = None,
        extra_param: Annotated[
            str | None, Query(alias="extraParam", max_length=300, description="one pair of extraParam: name=value")
        ] = None,
        callback_data: Annotated[
            str | None, Query(alias="callbackData", max_length=_MAX_CALLBACK_DATA, description="the whole of it")
        ] = None,
        state: DeliveryState | None = None,
        reason: Annotated[list[Reason] | None, Query(description="why they failed; one of several")] = None,
        error_code: Annotated[
            int | None, Query(alias="errorCode", ge=0, le=999, description="of the reasons: all that have it")
        ] = None,
        application: Annotated[str | None, Query(max_length=100)] = None,
        provider: Provider | None = None,
        mailing: Annotated[str | None, Query(max_length=100, description="id of a mailing")] = None,
        mailings: Annotated[bool, Query(description="false: only messages that no mailing has sent")] = True,
        packet: Annotated[int | None, Query(ge=0, le=_LARGEST_PACKET_ID, description="id of a packet")] = None,
        since: Annotated[str | None, Query(alias="from", max_length=40, description="UTC ms or ISO 8601")] = None,
        until: Annotated[str | None, Query(alias="to", max_length=40, description="UTC ms or ISO 8601")] = None,
        partner: Annotated[str | None, Query(max_length=100, description="for the operator")] = None,
        asking: Caller = Depends(partner_caller, scope="function"),  # noqa: B008 — FastAPI's way
    ) -> MessageQuery:
        if extra_param is not None and not extra_param.partition("=")[1]:
            raise invalid("extraParam", "must be name=value")
        begin, end = moment("from", since), moment("to", until)
        if begin is not None and end is not None and begin > end:
            raise invalid("from", "must not be after to")
        return MessageQuery(
            partner_id=asking.partner_id or partner,
            partners=tuple(directory.partners),
            phone=None if phone is None else _phone(phone),
            external_user_id=user,
            any_id=id,
            extra_param=extra if extra_param is None else extra_param,
            callback_data=callback_data,
            state=state,
            reasons=_reasons(reason or (), error_code),
            application=application,
            provider=provider.value if provider is not None else None,
            mailing=mailing,
            is_without_mailings=not mailings,
            packet=packet,
            since=begin,
            until=end,
        )

    return wanted


def _reasons(named: Sequence[Reason], error_code: int | None) -> tuple[Reason, ...]:
    if error_code is None:
        return tuple(named)
    found = tuple(reason for reason in named or Reason if reason.error_code == error_code)
    if not found:
        raise invalid("errorCode", "no such reason has it")
    return found


def _phone(text: str) -> str:
    found = phones.from_query(text)
    if found is None:
        raise invalid("phone", phones.RULE)
    return found
