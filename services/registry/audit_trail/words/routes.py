"""What each audited route does, in words. Pure.

[create|created]   English alone: of what was tried, of what was done
{partner_id} …     what stands there in the path
{made}             the name of what was made; empty where nothing was
{gone}             the name of what was deleted; its id where it was not
{chosen}           that a password of one's own was chosen with it; empty where none was
{message}          which message
{by}               what was asked for: by a phone, by a user id
{whom}             on whom it acted
"""

from schemas.language import Words

Route = tuple[str, str]
"""Method and path, as `operator_routes.py` writes them."""


def _partner(path: str) -> str:
    return "/v1/partners/{partner_id}" + path


def _application(path: str) -> str:
    return "/v1/applications/{application_id}" + path


_CHANNEL = _application("/broadcast-channels")
_LETTER = "/v1/dead-letters/{topic}/{partition}/{offset}"
_MAILING = "/v1/mailings/{any_id}"

SETUP: dict[Route, Words] = {
    ("GET", "/v1/me"): Words("[ask|asked] what they may do", "вопрос о собственных правах"),
    ("GET", "/v1/partners"): Words("[list|listed] the partners", "список партнёров"),
    ("GET", _partner("")): Words("[open|opened] the partner {partner_id}", "просмотр партнёра {partner_id}"),
    ("GET", _partner("/senders")): Words(
        "[list|listed] the service numbers of the partner {partner_id}", "сервисные номера партнёра {partner_id}"
    ),
    ("POST", "/v1/partners"): Words("[create|created] the partner{made}", "создание партнёра{made}"),
    ("PATCH", _partner("")): Words("[change|changed] the partner {partner_id}", "изменение партнёра {partner_id}"),
    ("POST", _partner("/password")): Words(
        "[give|gave] the partner {partner_id} a new password", "новый пароль партнёра {partner_id}"
    ),
    ("POST", _partner("/report-key")): Words(
        "[give|gave] the partner {partner_id} a new key of reports", "новый ключ отчётов партнёра {partner_id}"
    ),
    ("DELETE", _partner("/report-key/old")): Words(
        "[end|ended] the old key of reports of the partner {partner_id}",
        "отзыв прежнего ключа отчётов партнёра {partner_id}",
    ),
    ("POST", _partner("/batch-key")): Words(
        "[give|gave] the partner {partner_id} a new key of packets", "новый ключ пакетов партнёра {partner_id}"
    ),
    ("POST", _partner("/api-key")): Words(
        "[give|gave] the partner {partner_id} a new API key", "новый ключ API партнёра {partner_id}"
    ),
    ("DELETE", _partner("/api-key")): Words(
        "[end|ended] the API keys of the partner {partner_id}", "отзыв ключей API партнёра {partner_id}"
    ),
    ("PUT", _partner("/senders/{service_number}")): Words(
        "[set|set] the service number {service_number} of the partner {partner_id}",
        "настройка сервисного номера {service_number} партнёра {partner_id}",
    ),
    ("GET", "/v1/applications"): Words("[list|listed] the applications", "список приложений"),
    ("GET", _application("")): Words(
        "[open|opened] the application {application_id}", "просмотр приложения {application_id}"
    ),
    ("POST", "/v1/applications"): Words("[create|created] the application{made}", "создание приложения{made}"),
    ("PATCH", _application("")): Words(
        "[change|changed] the application {application_id}", "изменение приложения {application_id}"
    ),
    ("POST", _application("/api-keys")): Words(
        "[give|gave] the application {application_id} a new API key", "новый ключ API приложения {application_id}"
    ),
    ("DELETE", _application("/api-keys/old")): Words(
        "[end|ended] the old API keys of the application {application_id}",
        "отзыв прежних ключей API приложения {application_id}",
    ),
    ("GET", _application("/credentials")): Words(
        "[list|listed] the providers' credentials of the application {application_id}",
        "список учётных данных провайдеров приложения {application_id}",
    ),
    ("PUT", _application("/credentials/{provider}")): Words(
        "[set|set] the credentials for {provider} of the application {application_id}",
        "учётные данные {provider} приложения {application_id}",
    ),
    ("PATCH", _application("/credentials/{provider}")): Words(
        "[switch|switched] the credentials for {provider} of the application {application_id}",
        "включение или отключение учётных данных {provider} приложения {application_id}",
    ),
    ("POST", _application("/identity-keys")): Words(
        "[add|added] a key that proves logins in the application {application_id}",
        "новый ключ подтверждения входа в приложении {application_id}",
    ),
    ("DELETE", _application("/identity-keys")): Words(
        "[end|ended] keys that prove logins in the application {application_id}",
        "отзыв ключей подтверждения входа в приложении {application_id}",
    ),
    ("GET", _application("/subscriptions")): Words(
        "[list|listed] the subscriptions of the application {application_id}", "подписки приложения {application_id}"
    ),
    ("GET", _application("/prohibitions")): Words(
        "[list|listed] the prohibitions of the application {application_id}", "запреты приложения {application_id}"
    ),
}

SENDING: dict[Route, Words] = {
    ("GET", _CHANNEL): Words(
        "[list|listed] the broadcast channels of the application {application_id}",
        "список широковещательных каналов приложения {application_id}",
    ),
    ("GET", _CHANNEL + "/{name}"): Words(
        "[open|opened] the broadcast channel {name} of the application {application_id}",
        "просмотр широковещательного канала {name} приложения {application_id}",
    ),
    ("PUT", _CHANNEL + "/{name}"): Words(
        "[open|opened] for sending the broadcast channel {name} of the application {application_id}",
        "создание широковещательного канала {name} приложения {application_id}",
    ),
    ("DELETE", _CHANNEL + "/{name}"): Words(
        "[close|closed] the broadcast channel {name} of the application {application_id}",
        "закрытие широковещательного канала {name} приложения {application_id}",
    ),
    ("POST", _CHANNEL + "/{name}/messages"): Words(
        "[send|sent] a message to the broadcast channel {name} of the application {application_id}",
        "сообщение в широковещательный канал {name} приложения {application_id}",
    ),
    ("GET", _CHANNEL + "/{name}/messages/{broadcast_id}"): Words(
        "[ask|asked] what became of the message {broadcast_id} in the broadcast channel {name}",
        "просмотр сообщения {broadcast_id} в широковещательном канале {name}",
    ),
    ("GET", "/v1/stops"): Words("[list|listed] what is stopped", "список остановленного"),
    ("PUT", "/v1/stops/{scope}/{stop_id:path}"): Words(
        "[stop|stopped] or let go on: {scope} {stop_id}", "остановка или возобновление: {scope} {stop_id}"
    ),
    ("GET", "/v1/mailings"): Words("[list|listed] the mailings", "список рассылок"),
    ("GET", _MAILING): Words("[open|opened] the mailing {any_id}", "просмотр рассылки {any_id}"),
    ("GET", _MAILING + "/live"): Words("[follow|followed] the mailing {any_id}", "наблюдение за рассылкой {any_id}"),
    ("GET", _MAILING + "/forecast"): Words(
        "[ask|asked] whom the mailing {any_id} would reach", "прогноз охвата рассылки {any_id}"
    ),
    ("GET", _MAILING + "/definition"): Words(
        "[read|read] the text and settings of the mailing {any_id}", "просмотр текста и настроек рассылки {any_id}"
    ),
    ("GET", _MAILING + "/problems"): Words(
        "[list|listed] the broken lines of the mailing {any_id}", "строки с ошибками рассылки {any_id}"
    ),
    ("POST", "/v1/mailings"): Words("[create|created] the mailing{made}", "создание рассылки{made}"),
    ("PATCH", _MAILING): Words("[change|changed] the mailing {any_id}", "изменение рассылки {any_id}"),
    ("PUT", _MAILING + "/recipients"): Words(
        "[upload|uploaded] the recipients of the mailing {any_id}", "загрузка получателей рассылки {any_id}"
    ),
    ("POST", _MAILING + "/recipients"): Words(
        "[add|added] recipients to the mailing {any_id}", "добавление получателей рассылки {any_id}"
    ),
    ("DELETE", _MAILING + "/recipients"): Words(
        "[remove|removed] the recipients of the mailing {any_id}", "удаление получателей рассылки {any_id}"
    ),
    ("POST", _MAILING + "/start"): Words("[start|started] the mailing {any_id}", "запуск рассылки {any_id}"),
    ("POST", _MAILING + "/pause"): Words("[pause|paused] the mailing {any_id}", "пауза рассылки {any_id}"),
    ("POST", _MAILING + "/resume"): Words("[resume|resumed] the mailing {any_id}", "продолжение рассылки {any_id}"),
    ("POST", _MAILING + "/cancel"): Words("[cancel|cancelled] the mailing {any_id}", "отмена рассылки {any_id}"),
    ("GET", "/v1/report-resends"): Words("[list|listed] the resends of reports", "список повторных отправок отчётов"),
    ("GET", "/v1/report-resends/{resend_id}"): Words(
        "[open|opened] the resend of reports {resend_id}", "просмотр повторной отправки отчётов {resend_id}"
    ),
    ("POST", "/v1/report-resends"): Words(
        "[order|ordered] a resend of reports{made}", "повторная отправка отчётов{made}"
    ),
    ("POST", "/v1/report-resends/{resend_id}/cancel"): Words(
        "[cancel|cancelled] the resend of reports {resend_id}", "отмена повторной отправки отчётов {resend_id}"
    ),
    ("GET", "/v1/dead-letters"): Words("[list|listed] the dead letters", "список отложенных записей"),
    ("GET", _LETTER): Words(
        "[open|opened] the dead letter {topic}/{partition}/{offset}, without its content",
        "просмотр отложенной записи {topic}/{partition}/{offset} без содержимого",
    ),
    ("GET", _LETTER + "/content"): Words(
        "[read|read] the content of the dead letter {topic}/{partition}/{offset}",
        "просмотр содержимого отложенной записи {topic}/{partition}/{offset}",
    ),
    ("POST", _LETTER + "/redrive"): Words(
        "[send|sent] the dead letter {topic}/{partition}/{offset} in again",
        "повтор отложенной записи {topic}/{partition}/{offset}",
    ),
    ("POST", _LETTER + "/discard"): Words(
        "[discard|discarded] the dead letter {topic}/{partition}/{offset}",
        "отказ от отложенной записи {topic}/{partition}/{offset}",
    ),
}
