"""What the commands for messages say themselves beside the platform's words, English and Russian."""

from enum import Enum

from schemas.language import Words


class Said(Words, Enum):
    """One text."""

    TO = "to {}", "получатель {}"
    TIMES = "times in UTC", "время по UTC"
    LOCAL_TIMES = "times in local time", "местное время"
    ATTEMPT = "attempt {}", "попытка {}"
    LINK = "link {}", "звено {}"
    INSTALLATION = "installation {}", "установка {}"
    DEVICE = "device {}", "устройство {}"
    REMEDY = "What the customer can do: {}", "Что может сделать клиент: {}"
    LATE = "late", "поздно"
    DOES_NOT_COUNT = "does not count", "не учитывается"
    TOOK = "{} ms", "{} мс"
    NOT_KEPT = "{} more lines were not kept", "не сохранено строк: {}"
    BEFORE = "before that:", "до этого:"
    NONE = "there are no such messages", "таких сообщений нет"
    NONE_FAILED = "none of them has failed", "неудачных среди них нет"
    FAILED = "failed, for these reasons:", "не доставлено, по причинам:"
    ACCEPTED = "accepted, UTC", "принято, UTC"
    MESSAGE = "message", "сообщение"
    PARTNER = "partner", "партнёр"
    CHANNEL = "channel", "канал"
    STATE = "state", "состояние"
    WHY = "why", "почему"
    ALSO_ID = "{} is the id of another message as well: {}", "{} — ещё и id другого сообщения: {}"
    RECIPIENT = "to", "получатель"
