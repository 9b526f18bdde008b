"""What a provider means that refuses a push for good, by its own words: a clause, and advice as in `schemas/advice.py`.

    provider-refused + a provider's word ─▶ Conclusion

The errorCode of the partner protocol is the same for all of them, so partners' programs see no difference. Pure.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from schemas.advice import ADVICE, LOG_IN, Advice, Side
from schemas.language import Words
from schemas.providers import Provider
from schemas.reasons import Reason


class Conclusion(Enum):
    """What a provider means that refuses a push for good: the clause of an explanation, and the advice.

    Where several words are noted of one refusal, the first of these counts.
    """

    OTHER_APP = (
        Words(
            "the provider knows the phone's token under another app or build",
            "провайдер знает пуш-токен этого телефона под другим приложением или сборкой",
        ),
        Advice(
            Words(
                "The push token of this phone belongs to another app or to a test build of it.",
                "Пуш-токен этого телефона выдан другому приложению или тестовой сборке.",
            ),
            Words(
                "Install the app from the store, open it and log in.",
                "Установить приложение из магазина, открыть его и войти.",
            ),
        ),
    )
    APP_GONE = (
        Words(
            "the app is no longer registered on that phone, usually because it was deleted or reinstalled",
            "приложение на телефоне больше не зарегистрировано, обычно его удалили или переустановили",
        ),
        Advice(
            Words(
                "The app is no longer registered for pushes on this phone: usually it was deleted or reinstalled.",
                "Приложение на этом телефоне больше не зарегистрировано для пушей: обычно его удалили или "
                "переустановили.",
            ),
            LOG_IN,
        ),
    )
    TOO_LARGE = (
        Words("the message is too large for the push provider", "сообщение слишком велико для пуш-провайдера"),
        Advice(
            Words(
                "The message was too large to be sent as a push; the phone is in order.",
                "Сообщение слишком велико для пуша; с телефоном всё в порядке.",
            ),
            side=Side.SENDER,
        ),
    )
    OUR_SETTINGS = (
        Words(
            "the push provider does not accept the application's keys or settings",
            "пуш-провайдер не принимает ключи или настройки приложения",
        ),
        Advice(
            Words(
                "The application's keys for the push provider are not accepted; the phone is in order. "
                "The platform's administrators have to mend it.",
                "Ключи приложения не приняты пуш-провайдером; с телефоном всё в порядке. "
                "Исправить это должны администраторы платформы.",
            ),
            side=Side.PLATFORM,
        ),
    )

    def __init__(self, words: Words, advice: Advice) -> None:
        self.words, self.advice = words, advice


TOKEN_IS_DEAD = "token is dead"
"""What the trace notes where a provider's answer retired the token, whatever its word was."""
_ANY = ""
_APNS, _FCM, _HMS, _RUSTORE, _WEB = Provider.APNS, Provider.FCM, Provider.HMS, Provider.RUSTORE, Provider.WEB
PROVIDER_WORDS: Mapping[Conclusion, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        Conclusion.APP_GONE: {
            _APNS: ("Unregistered", "ExpiredToken", "not a device token"),
            _FCM: ("UNREGISTERED",),
            _HMS: ("80300007", "80100000", "the app is not installed"),
            _RUSTORE: ("UNREGISTERED", "NOT_FOUND", "not a token of a carrier"),
            _WEB: ("HTTP 404", "HTTP 410", "the subscription has expired", "not a subscription"),
            _ANY: (TOKEN_IS_DEAD,),
        },
        Conclusion.OTHER_APP: {
            _APNS: ("BadDeviceToken", "DeviceTokenNotForTopic"),
            _FCM: ("SENDER_ID_MISMATCH",),
            _RUSTORE: ("SENDER_ID_MISMATCH",),
            _ANY: ("never taken while others are",),
        },
        Conclusion.TOO_LARGE: {_APNS: ("PayloadTooLarge",), _ANY: ("payload too large",)},
        Conclusion.OUR_SETTINGS: {
            _APNS: (
                *("BadTopic", "MissingTopic", "TopicDisallowed", "InvalidProviderToken", "MissingProviderToken"),
                *("Forbidden", "BadCertificate", "BadCertificateEnvironment", "UnrelatedKeyIdInToken"),
                *("BadEnvironmentKeyIdInToken", "BadEnvironmentKeyInToken", "ExpiredProviderToken"),
            ),
            _FCM: ("THIRD_PARTY_AUTH_ERROR", "UNAUTHENTICATED", "PERMISSION_DENIED"),
            _HMS: ("80300002", "80200001", "80200003", "80200005"),
            _RUSTORE: ("UNAUTHENTICATED", "PERMISSION_DENIED"),
        },
    }
)
"""By provider, what it says, or what the trace notes in its place; without one: of any."""
_BY_WORD = {
    (provider, word): conclusion
    for conclusion, by_provider in PROVIDER_WORDS.items()
    for provider, words in by_provider.items()
    for word in words
}


def conclusion_of(provider: str, detail: str) -> Conclusion | None:
    """What a refusal means, by what the trace notes of it: parts with `: ` between them. None: it does not say."""
    found = {_BY_WORD.get((whose, part)) for part in detail.split(": ") for whose in (provider, _ANY)}
    return next((conclusion for conclusion in Conclusion if conclusion in found), None)


def advice_of(reason: Reason, conclusion: Conclusion | None = None) -> Advice:
    """What it means; a provider's conclusion says more than that it refused."""
    return ADVICE[reason] if conclusion is None else conclusion.advice
