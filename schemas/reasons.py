"""Why a message did not go or did not arrive: the reason, its errorCode of the partner protocol, its words.

Source of the codes and of the order: `docs/partner-api.md` §3; of the packet words: §6. With several installations the
reason of the one that came furthest counts.
"""

from collections.abc import Iterable
from enum import StrEnum

from schemas.language import Words
from schemas.reports import PacketWord


class Reason(StrEnum):
    """Why a delivery failed or an installation was left out. Reasons of one errorCode rank equally."""

    error_code: int
    words: Words
    packet_word: PacketWord

    NO_APPLICATION = (
        "no-application",
        26,
        "the application of this service number has no credentials or is switched off",
        "у приложения этого отправителя нет учётных данных, или оно отключено",
        "REJECTED",
    )
    UNKNOWN_USER = (
        "unknown-user",
        19,
        "nobody with this user id has ever used the application",
        "клиент с таким идентификатором никогда не пользовался приложением",
    )
    UNKNOWN_PHONE = (
        "unknown-phone",
        20,
        "nobody with this phone has ever used the application",
        "клиент с таким номером телефона никогда не пользовался приложением",
    )
    NO_ACTIVE_INSTALLATION = (
        "no-active-installation",
        22,
        "no installation has a live push token for a wanted provider, or such an activity",
        "нет установки приложения с действующим пуш-токеном нужного провайдера или с такой Live Activity",
    )
    NO_PRIMARY = (
        "no-primary",
        21,
        "only the primary installation was wanted and there is none with a live token",
        "отправка запрошена только на основную установку, а основной установки с действующим пуш-токеном нет",
    )
    BELOW_MIN_VERSION = (
        "below-min-version",
        27,
        "the application is older than the message needs",
        "версия приложения ниже требуемой для этого сообщения",
    )
    SUBSCRIPTION_OFF = "subscription-off", 25, "the wanted subscription is switched off", "нужная подписка отключена"
    PUSH_DISABLED = (
        "push-disabled",
        23,
        "pushes are switched off in the application or by an import",
        "пуши отключены в приложении или при импорте",
    )
    PUSH_OS_DISABLED = (
        "push-os-disabled",
        24,
        "pushes are switched off in the operating system",
        "пуши отключены в операционной системе",
    )
    PROVIDER_REFUSED = "provider-refused", 28, "the push provider refused it", "пуш-провайдер отклонил сообщение"
    EXPIRED = (
        "expired",
        7,
        "its lifetime passed before anybody confirmed it",
        "срок жизни истёк, а подтверждение не поступило",
        "EXPIRED",
    )
    # finer reasons, each with the code and the place of one above
    OWNER_CHANGED = (
        "owner-changed",
        22,
        "somebody else, or nobody, is logged in on the device by now",
        "на устройстве теперь выполнил вход другой клиент или не выполнил никто",
    )
    REPLACED = (
        "replaced",
        22,
        "the app was installed anew on the same device, or first after an import: this installation gave way",
        "приложение на этом устройстве установлено заново или впервые после импорта: эта установка не используется",
    )
    NOT_LATEST = (
        "not-latest",
        22,
        "too many installations: this one was not used lately",
        "установок слишком много, а этой давно не пользовались",
    )  # of more than 50 installations
    NOT_PRIMARY = "not-primary", 21, "not the primary installation", "установка не основная"
    OTHER_PROVIDER = (
        "other-provider",
        22,
        "its provider was not among the wanted ones",
        "провайдер этой установки не входит в число нужных",
    )
    KEY_GONE = (
        "key-gone",
        22,
        "it subscribed with a key for Web Push that the application has no more",
        "подписка Web Push оформлена с ключом, которого у приложения больше нет",
    )
    CANCELLED = (
        "cancelled",
        7,
        "it was cancelled before it was sent",
        "сообщение отменено до отправки",
        "EXPIRED",
    )  # by the partner or the operator, before it was sent
    UNROUTED = "unrouted", 11, "no way to this channel is configured", "маршрут в этот канал не настроен", "REJECTED"
    # reported by the channel platform
    CHANNEL_UNKNOWN = "channel-unknown", 1, "the channel does not say why", "канал не сообщил причину", "UNKNOWN"
    ABSENT_SUBSCRIBER = "absent-subscriber", 2, "the subscriber cannot be reached", "абонент недоступен"
    CALL_BARRED = (
        "call-barred",
        3,
        "the operator bars the service for this subscriber",
        "оператор заблокировал эту услугу для абонента",
    )
    CHANNEL_FAILURE = "channel-failure", 4, "the channel failed to send it", "сбой отправки на стороне канала"
    MEMORY_CAPACITY_EXCEEDED = (
        "memory-capacity-exceeded",
        5,
        "the phone has no room for messages",
        "в памяти телефона нет места для сообщений",
    )
    TELESERVICE_NOT_PROVISIONED = (
        "teleservice-not-provisioned",
        6,
        "the subscriber or the account does not have this service",
        "услуга не подключена у абонента или в учётной записи",
    )
    UNKNOWN_SUBSCRIBER = (
        "unknown-subscriber",
        8,
        "the channel knows no such subscriber, or there is no phone to send to",
        "канал не знает такого абонента, или номер телефона неизвестен",
    )
    DUPLICATED = (
        "duplicated",
        9,
        "its id was used before, or the channel takes it for a duplicate",
        "id уже использован, или канал счёл сообщение дубликатом",
    )
    FILTERED = "filtered", 10, "the channel filtered it out", "канал отфильтровал сообщение"
    OPER_BLACKLISTED = (
        "oper-blacklisted",
        12,
        "the operator has the recipient on a black list",
        "получатель находится в чёрном списке оператора",
    )
    OPER_INVSRCADDR = (
        "oper-invsrcaddr",
        13,
        "the sender's name is not registered with the operator",
        "имя отправителя не зарегистрировано у оператора",
        "REJECTED",
    )
    OPER_SPAMFILTERED = "oper-spamfiltered", 14, "the operator took it for spam", "оператор счёл сообщение спамом"
    BUSY = "busy", 16, "the line was busy", "линия занята"
    # last in the declaration, first in the order: it never hides what is known
    INTERNAL = "internal", 1, "an internal fault stopped it", "помешала внутренняя ошибка платформы", "UNKNOWN"

    def __new__(
        cls,
        value: str,
        error_code: int = 0,
        english: str = "",
        russian: str = "",
        packet_word: PacketWord = "UNDELIVERABLE",
    ) -> "Reason":
        """Every member gives code and words; the defaults are for mypy, to which `Reason(value)` is a construction."""
        reason = str.__new__(cls, value)
        reason._value_ = value
        reason.error_code, reason.words, reason.packet_word = error_code, Words(english, russian), packet_word
        return reason


_OF_CHANNELS = {
    reason.error_code: reason
    for reason in Reason
    if reason.error_code <= 16 and reason not in (Reason.INTERNAL, Reason.CANCELLED)
}
_PACKET_WORDS = {reason.error_code: reason.packet_word for reason in Reason}
_PLACES = {
    code: place
    for place, code in enumerate(
        (1, 11, 26, 19, 20, 22, 21, 27, 25, 23, 24, 28, 8, 13, 6, 9, 4, 10, 12, 14, 3, 5, 16, 2, 7)
    )
}
_ORDER = {reason: _PLACES[reason.error_code] for reason in Reason}
_NAMED = {reason.value: reason for reason in Reason}


def reason_named(name: str) -> Reason | None:
    """None for a name that only a newer release knows."""
    return _NAMED.get(name)


def channel_reason(error_code: int) -> Reason:
    """The reason of an errorCode that the channel platform reports; CHANNEL_UNKNOWN for a code without one."""
    return _OF_CHANNELS.get(error_code, Reason.CHANNEL_UNKNOWN)


def packet_word_of(error_code: int) -> PacketWord:
    """The word of the packet API for a failure with this errorCode."""
    return _PACKET_WORDS.get(error_code, "UNDELIVERABLE")


def furthest(reasons: Iterable[Reason]) -> Reason:
    """The reason of the installation that came furthest; `reasons` must not be empty."""
    return max(reasons, key=_ORDER.__getitem__)
