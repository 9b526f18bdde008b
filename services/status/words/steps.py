"""The kinds of lines of a trace, by the name that programs know them by. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from schemas.language import Words
from services.status.message import What

STEPS: Mapping[What, Words] = MappingProxyType(
    {
        "requested": Words("requested", "запрос принят"),
        "schedule-due": Words("its hour has come", "время наступило"),
        "repeated": Words("repeated", "повторный запрос"),
        "scheduled": Words("scheduled", "запланировано"),
        "held": Words("held", "приостановлено"),
        "cancel": Words("cancel", "отмена"),
        "planned": Words("planned", "план отправки"),
        "attempt": Words("attempt", "попытка отправки"),
        "receipt": Words("receipt", "подтверждение"),
        "told": Words("told by the provider", "ответ провайдера"),
        "inbox": Words("in-app history", "история в приложении"),
        "channel": Words("channel", "отчёт канала"),
        "deadline": Words("deadline", "срок жизни истёк"),
        "onward": Words("onward", "решение каскада"),
        "report": Words("report", "отчёт о доставке"),
        "click": Words("click", "переход по ссылке"),
        "failed": Words("failed", "внутренний сбой"),
        "closed": Words("closed", "запись закрыта"),
    }
)
"""What a line is about, in a word or three."""
