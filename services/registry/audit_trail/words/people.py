"""What each audited route does, in words: about people, and of the operators and partners themselves. Pure.

The places are those of `routes.py`.
"""

from schemas.language import Words
from services.registry.audit_trail.words.routes import Route

_MESSAGE = "/v1/messages/{any_id}"
_ACCOUNT = "/v1/accounts/{account_id}"

PEOPLE: dict[Route, Words] = {
    ("GET", "/v1/messages"): Words("[search|searched] for messages{by}", "поиск сообщений{by}"),
    ("GET", "/v1/messages/export"): Words("[export|exported] messages{by}", "выгрузка сообщений{by}"),
    ("GET", "/v1/messages/reasons"): Words(
        "[count|counted] why messages failed{by}", "подсчёт причин неотправки сообщений{by}"
    ),
    ("GET", _MESSAGE): Words("[look|looked] at the message {message}", "просмотр сообщения {message}"),
    ("GET", _MESSAGE + "/live"): Words("[follow|followed] the message {message}", "наблюдение за сообщением {message}"),
    ("POST", _MESSAGE + "/cancel"): Words("[cancel|cancelled] the message {message}", "отмена сообщения {message}"),
    ("GET", "/v1/events"): Words(
        "[read|read] the stream of messages' events{by}", "чтение потока событий сообщений{by}"
    ),
    ("GET", "/v1/statistics"): Words("[count|counted] messages{by}", "статистика сообщений{by}"),
    ("GET", "/v1/savings"): Words("[count|counted] what pushes saved{by}", "подсчёт экономии на push{by}"),
    ("GET", "/v1/refusals"): Words(
        "[list|listed] partners' requests that were not accepted", "список непринятых запросов партнёров"
    ),
    ("GET", "/v1/installations"): Words("[search|searched] for devices{by}", "поиск устройств{by}"),
    ("GET", "/v1/installations/{installation_id}"): Words(
        "[look|looked] at the device {installation_id}", "просмотр устройства {installation_id}"
    ),
    ("POST", "/v1/installations/import"): Words("[import|imported] devices from a list", "импорт устройств из списка"),
    ("POST", "/v1/test-pushes"): Words("[send|sent] a test push to {whom}", "тестовый push: {whom}"),
    ("POST", "/v1/identities/revoke"): Words(
        "[end|ended] the proofs of login on the devices of {whom}", "отзыв подтверждений входа на устройствах: {whom}"
    ),
    ("POST", "/v1/erasures/preview"): Words(
        "[ask|asked] what there is to erase about {whom}", "вопрос, какие данные будут стёрты: {whom}"
    ),
    ("POST", "/v1/erasures"): Words("[erase|erased] the data of {whom}", "стирание данных: {whom}"),
    ("GET", "/v1/erasures/{erasure_id}"): Words(
        "[ask|asked] how far the erasure {erasure_id} has come", "ход стирания {erasure_id}"
    ),
    ("GET", "/v1/erasures/{erasure_id}/records"): Words(
        "[list|listed] the records that the erasure {erasure_id} concerns", "список записей стирания {erasure_id}"
    ),
}

ACCESS: dict[Route, Words] = {
    ("GET", "/v1/cluster"): Words("[look|looked] at the state of the platform", "просмотр состояния платформы"),
    ("GET", "/v1/cluster/live"): Words("[follow|followed] the state of the platform", "наблюдение за платформой"),
    ("GET", "/v1/audit"): Words("[search|searched] the audit trail{by}", "поиск в журнале аудита{by}"),
    ("GET", "/v1/operators"): Words("[list|listed] the operators' tokens", "список токенов операторов"),
    ("POST", "/v1/operators"): Words("[create|created] the operator's token{made}", "создание токена оператора{made}"),
    ("DELETE", "/v1/operators/{operator_id}"): Words(
        "[revoke|revoked] the operator's token {operator_id}", "отзыв токена оператора {operator_id}"
    ),
    ("GET", "/v1/accounts"): Words("[list|listed] the operators' accounts", "список учётных записей операторов"),
    ("POST", "/v1/accounts"): Words("[create|created] the account{made}", "создание учётной записи{made}"),
    ("PATCH", _ACCOUNT): Words("[change|changed] the account {account_id}", "изменение учётной записи {account_id}"),
    ("DELETE", _ACCOUNT): Words("[delete|deleted] the account {gone}", "удаление учётной записи {gone}"),
    ("POST", _ACCOUNT + "/password"): Words(
        "[give|gave] the account {account_id} a new password", "новый пароль учётной записи {account_id}"
    ),
    ("GET", "/v1/session"): Words("[ask|asked] who is signed in", "вопрос, кто вошёл"),
    ("POST", "/v1/session"): Words("[sign|signed] in{chosen}", "вход{chosen}"),
    ("DELETE", "/v1/session"): Words("[sign|signed] out", "выход"),
    ("DELETE", "/v1/sessions"): Words("[sign|signed] out everywhere", "выход на всех устройствах"),
    ("POST", "/v1/session/renewal"): Words("[prolong|prolonged] their session", "продление сеанса"),
    ("POST", "/v1/session/password"): Words("[change|changed] their own password", "смена собственного пароля"),
    ("GET", "/v1/session/ways"): Words("[ask|asked] how one signs in", "вопрос о способах входа"),
    ("GET", "/v1/session/oidc"): Words(
        "[begin|began] to sign in by the company's login", "начало входа через компанию"
    ),
    ("GET", "/v1/session/oidc/callback"): Words("[sign|signed] in by the company's login", "вход через компанию"),
    ("GET", "/v1/me/settings"): Words("[open|opened] their own settings", "просмотр собственных настроек"),
    ("PATCH", "/v1/me/settings"): Words("[change|changed] their own settings", "изменение собственных настроек"),
    ("POST", "/v1/me/api-key"): Words("[make|made] an API key of their own", "новый собственный ключ API"),
    ("DELETE", "/v1/me/api-key"): Words("[end|ended] their own API keys", "отзыв собственных ключей API"),
    ("POST", "/v1/me/batch-key"): Words("[make|made] a new key of their packets", "новый собственный ключ пакетов"),
    ("POST", "/v1/me/report-key"): Words("[make|made] a new key of their reports", "новый собственный ключ отчётов"),
    ("DELETE", "/v1/me/report-key/old"): Words(
        "[end|ended] the old key of their reports", "отзыв собственного прежнего ключа отчётов"
    ),
}

BESIDE: dict[Route, Words] = {
    ("POST", "/v6/send"): Words("[send|sent] a message by /v6/send", "отправка сообщения через /v6/send"),
    ("POST", "/v3/batch"): Words("[send|sent] a packet by /v3/batch", "отправка пакета через /v3/batch"),
    ("", "rights"): Words(
        "other attempts to get in or to get more rights, added up", "прочие попытки войти или получить права, вместе"
    ),
    ("", "topics apply"): Words("[change|changed] Kafka's topics", "изменение топиков Kafka"),
}
"""What has records and is no operators' route: refusals where partners send, and what `rpns topics apply` makes."""

REFUSED: dict[tuple[str, str, int], Words] = {
    ("POST", "/v1/session", 401): Words(
        "gave a name that no account has to sign in", "вход с именем, которого нет ни у одной учётной записи"
    ),
    ("POST", "/v1/session", 429): Words(
        "gave wrong passwords to sign in, too many: has to wait",
        "слишком много неверных паролей при входе, нужно подождать",
    ),
    ("POST", "/v1/session", 403): Words(
        "did not sign in: a password for once has to be replaced or is over, or the console's own page did not ask",
        "вход не состоялся: одноразовый пароль нужно сменить или его срок истёк, либо запрос не со страницы консоли",
    ),
}
"""Of some refusals there is more to say than that it was tried."""

REFUSED_OF_ACCOUNT: dict[int, Words] = {
    401: Words("the password was wrong, or it is switched off", "неверный пароль, либо она отключена"),
    403: Words(
        "its password for once has to be replaced, or is over", "одноразовый пароль нужно сменить, или его срок истёк"
    ),
    409: Words(
        "it was given another password meanwhile, or switched off or deleted",
        "тем временем ей выдали другой пароль, или её отключили или удалили",
    ),
    429: Words("too many wrong passwords, has to wait", "слишком много неверных паролей, нужно подождать"),
}
"""Why somebody did not get in who gave the name of an account, by status."""
