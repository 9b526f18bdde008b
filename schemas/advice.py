"""What a reason means for the customer, in words that support can tell them, and what they can do about it. Pure.

One table for everybody who explains: the API of messages and of installations, the console, `rpns why`, and the page
`docs/reasons.md`. What a provider means by a refusal is in `schemas/refusals.py`; what a reason is called beside its
errorCode, in `schemas/reasons.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from schemas.language import Words
from schemas.reasons import Reason


class Side(StrEnum):
    """Where the cause is, and so who can mend it."""

    PLATFORM = "platform"
    CUSTOMER = "customer"  # their phone, its settings, or that they have none
    SENDER = "sender"
    CHANNEL = "channel"  # the push provider, the channel, or the mobile operator


SIDE_WORDS: Mapping[Side, Words] = MappingProxyType(
    {
        Side.PLATFORM: Words("the platform", "платформа"),
        Side.CUSTOMER: Words("the customer", "клиент"),
        Side.SENDER: Words("the sender", "отправитель"),
        Side.CHANNEL: Words(
            "the push provider, the channel or the mobile operator", "пуш-провайдер, канал или оператор связи"
        ),
    }
)


@dataclass(frozen=True)
class Advice:
    """What it means, what the customer can do (None: nothing), and on whose side the cause is."""

    meaning: Words
    remedy: Words | None = None
    side: Side = Side.CUSTOMER


LOG_IN = Words(
    "Open the app again, or install it anew, and log in.",
    "Открыть приложение (или установить его заново) и войти в него.",
)
_ALLOW = Words(
    "Allow notifications for the app in the phone's settings.",
    "Разрешить уведомления для приложения в настройках телефона.",
)
_SWITCH_ON = Words(
    "Switch notifications on in the app's own settings.",
    "Включить уведомления в настройках самого приложения.",
)
_UPDATE = Words("Update the app and open it.", "Обновить приложение и открыть его.")
_ASK_OPERATOR = Words("Ask the mobile operator.", "Обратиться к оператору связи.")


def _of(english: str, russian: str, remedy: Words | None = None, side: Side = Side.CUSTOMER) -> Advice:
    return Advice(Words(english, russian), remedy, side)


_NEVER_USED = Words(
    "Install the app, open it and log in with this phone or user.",
    "Установить приложение, открыть его и войти под этим номером или клиентом.",
)
UNSENT = Words(
    "its lifetime passed before it could be sent to a device", "срок жизни истёк раньше, чем его можно было отправить"
)
"""The clause of `Reason.EXPIRED` where no device had a push to confirm."""
_BEFORE_ITS_HOUR = Words(
    "It was sent to no device: its lifetime was over before the hour for it came.",
    "Сообщение не отправлено ни на одно устройство: срок его жизни истёк раньше, чем наступило время отправки.",
)
_BEFORE_ITS_TURN = Words(
    "It was sent to no device: its lifetime was over before the platform came to it.",
    "Сообщение не отправлено ни на одно устройство: срок его жизни истёк раньше, чем до него дошла платформа.",
)
UNSENT_BY_HOUR = Advice(_BEFORE_ITS_HOUR, side=Side.SENDER)
UNSENT_IN_TIME = Advice(_BEFORE_ITS_TURN, side=Side.PLATFORM)
ADVICE: Mapping[Reason, Advice] = MappingProxyType(
    {
        Reason.NO_APPLICATION: _of(
            "The sender's app is not set up for pushes on the platform; the phone is in order.",
            "Приложение отправителя не настроено для пушей на платформе; с телефоном всё в порядке.",
            side=Side.PLATFORM,
        ),
        Reason.UNKNOWN_USER: _of(
            "The customer has never logged in to the app on any phone.",
            "Клиент ни разу не входил в приложение ни на одном телефоне.",
            _NEVER_USED,
        ),
        Reason.UNKNOWN_PHONE: _of(
            "Nobody has ever logged in to the app with this phone number.",
            "С этим номером телефона в приложение ещё никто не входил.",
            _NEVER_USED,
        ),
        Reason.NO_ACTIVE_INSTALLATION: _of(
            "The app on this phone can get no pushes now: it was deleted, or has not been opened since.",
            "Приложение на этом телефоне сейчас не получает пуши: его удалили или с тех пор не открывали.",
            LOG_IN,
        ),
        Reason.NO_PRIMARY: _of(
            "The message goes to the customer's main phone only, and the app there can get no pushes now.",
            "Сообщение отправляется только на основной телефон клиента, а он сейчас не получает пуши.",
            LOG_IN,
        ),
        Reason.BELOW_MIN_VERSION: _of(
            "The app on this phone is too old for this message.",
            "Версия приложения на этом телефоне слишком старая для этого сообщения.",
            _UPDATE,
        ),
        Reason.SUBSCRIPTION_OFF: _of(
            "The customer has switched off messages of this kind in the app.",
            "Клиент отключил в приложении такие сообщения.",
            _SWITCH_ON,
        ),
        Reason.PUSH_DISABLED: _of(
            "Notifications are switched off in the app, or were so in the system that the phone was imported from.",
            "Уведомления отключены в приложении или были отключены в системе, из которой перенесён телефон.",
            _SWITCH_ON,
        ),
        Reason.PUSH_OS_DISABLED: _of(
            "The phone's system does not let the app show notifications.",
            "Система телефона не разрешает приложению показывать уведомления.",
            _ALLOW,
        ),
        Reason.PROVIDER_REFUSED: _of(
            "The push provider (Apple, Google, Huawei or RuStore) did not take the message for this phone.",
            "Пуш-провайдер (Apple, Google, Huawei или RuStore) не принял сообщение для этого телефона.",
            LOG_IN,
            side=Side.CHANNEL,
        ),
        Reason.EXPIRED: _of(
            "It did not reach the phone in time: the phone was probably off or without internet.",
            "Сообщение не дошло до телефона вовремя: скорее всего, он был выключен или без интернета.",
            Words(
                "Switch the phone on and see that it has internet.",
                "Включить телефон и проверить, что на нём есть интернет.",
            ),
        ),
        Reason.OWNER_CHANGED: _of(
            "Somebody else, or nobody, is logged in to the app on this phone by now.",
            "В приложение на этом телефоне теперь вошёл другой клиент или не вошёл никто.",
            Words("Log in to the app on this phone.", "Войти в приложение на этом телефоне."),
        ),
        Reason.REPLACED: _of(
            "This is an earlier installation of the app on the same phone; the newer one gets the messages.",
            "Это прежняя установка приложения на том же телефоне; сообщения получает новая.",
        ),
        Reason.NOT_LATEST: _of(
            "The customer has very many phones, and this one was not used lately.",
            "У клиента очень много телефонов, и этим давно не пользовались.",
            Words("Open the app on this phone.", "Открыть приложение на этом телефоне."),
        ),
        Reason.NOT_PRIMARY: _of(
            "The message goes to the customer's main phone only, and this is another one.",
            "Сообщение отправляется только на основной телефон клиента, а это другой.",
        ),
        Reason.OTHER_PROVIDER: _of(
            "The sender did not want phones of this kind to get the message.",
            "Отправитель не выбрал телефоны этого вида.",
            side=Side.SENDER,
        ),
        Reason.KEY_GONE: _of(
            "The browser is subscribed with an old key.",
            "Подписка браузера оформлена со старым ключом.",
            Words("Open the site again and allow notifications.", "Открыть сайт ещё раз и разрешить уведомления."),
        ),
        Reason.CANCELLED: _of(
            "The sender or an operator cancelled the message before it went out.",
            "Отправитель или оператор отменил сообщение до отправки.",
            side=Side.SENDER,
        ),
        Reason.UNROUTED: _of(
            "The sender has no account with this channel on the platform; the phone is in order.",
            "У отправителя нет учётной записи этого канала на платформе; с телефоном всё в порядке.",
            side=Side.PLATFORM,
        ),
        Reason.CHANNEL_UNKNOWN: _of(
            "The channel could not deliver the message and does not say why.",
            "Канал не смог доставить сообщение и не сообщил причину.",
            side=Side.CHANNEL,
        ),
        Reason.ABSENT_SUBSCRIBER: _of(
            "The phone was off or out of reach.",
            "Телефон был выключен или вне зоны действия сети.",
            Words("Switch the phone on where there is reception.", "Включить телефон там, где есть связь."),
        ),
        Reason.CALL_BARRED: _of(
            "The mobile operator does not let such messages through to this number.",
            "Оператор связи не пропускает такие сообщения на этот номер.",
            _ASK_OPERATOR,
            side=Side.CHANNEL,
        ),
        Reason.CHANNEL_FAILURE: _of(
            "The channel had a fault of its own; the phone is in order.",
            "Произошёл сбой на стороне канала; с телефоном всё в порядке.",
            side=Side.CHANNEL,
        ),
        Reason.MEMORY_CAPACITY_EXCEEDED: _of(
            "The phone has no room for further messages.",
            "В памяти телефона нет места для новых сообщений.",
            Words("Delete old messages on the phone.", "Удалить старые сообщения на телефоне."),
        ),
        Reason.TELESERVICE_NOT_PROVISIONED: _of(
            "The number does not have the service by which this message goes.",
            "На этом номере не подключена услуга, через которую отправляется сообщение.",
            _ASK_OPERATOR,
            side=Side.CHANNEL,
        ),
        Reason.UNKNOWN_SUBSCRIBER: _of(
            "The channel does not know this number, or no number is known.",
            "Каналу этот номер неизвестен, или номер не указан.",
            Words("See that the number is right.", "Проверить, правильно ли указан номер."),
        ),
        Reason.DUPLICATED: _of(
            "The message repeats an earlier one, or the channel took it for a repetition.",
            "Сообщение повторяет предыдущее, или таким его счёл канал.",
            side=Side.SENDER,
        ),
        Reason.FILTERED: _of(
            "The channel did not let the message through.",
            "Канал не пропустил сообщение.",
            side=Side.CHANNEL,
        ),
        Reason.OPER_BLACKLISTED: _of(
            "The mobile operator has this number on a black list.",
            "Оператор связи внёс этот номер в чёрный список.",
            _ASK_OPERATOR,
            side=Side.CHANNEL,
        ),
        Reason.OPER_INVSRCADDR: _of(
            "The mobile operator does not know the sender's name; the phone is in order.",
            "Имя отправителя не зарегистрировано у оператора связи; с телефоном всё в порядке.",
            side=Side.SENDER,
        ),
        Reason.OPER_SPAMFILTERED: _of(
            "The mobile operator took the message for spam.",
            "Оператор связи счёл сообщение спамом.",
            side=Side.CHANNEL,
        ),
        Reason.BUSY: _of(
            "The line was busy.",
            "Линия была занята.",
            Words("Try again later.", "Попробовать позже."),
        ),
        Reason.INTERNAL: _of(
            "A fault of the platform stopped the message; the phone is in order.",
            "Сообщение не отправлено из-за сбоя платформы; с телефоном всё в порядке.",
            side=Side.PLATFORM,
        ),
    }
)
