"""Messages: test push, why with the trace, lists and reasons, statistics, reports again."""

HELP = {
    "Send one push and follow it. Exit code 0: it came as far as --until; 1: it failed; 3: not known in time.": (
        "Отправить одно push-уведомление и проследить за ним. Код завершения 0: дошло до --until; 1: не доставлено; "
        "3: за это время неизвестно."
    ),
    "of the partner": "партнёра",
    "asked for": "запрашивается",
    "Login": "Логин",
    "Password": "Пароль",
    "to whom": "кому",
    "to whom, by external user id": "кому, по id пользователя",
    "what the phone shows": "текст на экране телефона",
    "above the text": "заголовок над текстом",
    "service number; default: the partner's": "сервисный номер; по умолчанию — партнёра",
    "the partner's own id": "id сообщения у партнёра",
    "lifetime in seconds, 30 to 86400": "срок жизни в секундах, от 30 до 86400",
    "what to wait for": "чего ждать",
    "how long to wait, in seconds": "сколько секунд ждать",
    "Explain one message, or the last one to a phone or user, with its whole trace.": (
        "Объяснить, что стало с сообщением или с последним сообщением на номер или пользователю, с полной трассировкой."
    ),
    "message id, mtNum, the partner's own id, or the customer's phone or user id": (
        "id сообщения, mtNum, id партнёра либо номер телефона или id пользователя"
    ),
    "of a phone or user: how many messages to list": "для номера или пользователя: сколько сообщений показать",
    "only this partner's messages": "только сообщения этого партнёра",
    "List messages, the newest first, and count all that have failed by their reasons.": (
        "Показать сообщения, новые — первыми, и сосчитать недоставленные по причинам."
    ),
    "PLANNED, SENT, DELIVERED, READ, REFUSED, EXPIRED …": "PLANNED, SENT, DELIVERED, READ, REFUSED, EXPIRED …",
    "why: its name, its errorCode, or a part of its words": "причина: её имя, errorCode или часть её текста",
    "30m, 12h, 7d, or a date as 2026-11-28T12:00 (UTC)": "30m, 12h, 7d или дата, например 2026-11-28T12:00 (UTC)",
    "the same, for the end; default: now": "так же, конец периода; по умолчанию — сейчас",
    "only this partner's": "только этого партнёра",
    "id of an application": "id приложения",
    "apns, fcm, hms, rustore, web, channel": "apns, fcm, hms, rustore, web, channel",
    "id of a mailing": "id рассылки",
    "id of a packet": "id пакета",
    "how many to list": "сколько показать",
    "whom they went to, too": "показать и получателей",
    "Show deliveries by outcome, over time or by a field. A bar is what was sent: delivered, failed, unknown.": (
        "Показать доставки по исходам, во времени или по полю. Полоса — отправленное: доставлено, не доставлено, "
        "неизвестно."
    ),
    "minute, hour, day; default: what fits": "minute, hour, day; по умолчанию — подходящий",
    "instead of time: partner, application, channel, provider, errorCode": (
        "вместо времени: partner, application, channel, provider, errorCode"
    ),
    "only this application's": "только этого приложения",
    "only this provider's": "только этого провайдера",
    "only this channel's": "только этого канала",
    "Delivery reports: send those of a period again.": "Отчёты о доставке: отправить за период ещё раз.",
    "Send the last report on each message of the period again, marked `X-RPNS-Resend`.": (
        "Ещё раз отправить последний отчёт о каждом сообщении периода с пометкой `X-RPNS-Resend`."
    ),
    "whose reports": "чьи отчёты",
    "12h, 7d, or a date as 2026-11-28T12:00 (UTC)": "12h, 7d или дата, например 2026-11-28T12:00 (UTC)",
    "only of messages that are READ, EXPIRED … now": "только о сообщениях, которые сейчас READ, EXPIRED …",
    "only this one: message id, mtNum, or the partner's id": "только об одном: id сообщения, mtNum или id партнёра",
    "messages a second": "сообщений в секунду",
    "only count the messages": "только сосчитать сообщения",
    "List resends, the newest first.": "Показать повторные отправки, новые — первыми.",
    "how many": "сколько",
    "Go no further; what was asked for already is sent.": "Остановить; что уже поставлено в очередь, будет отправлено.",
    "as the list has it": "как в списке",
}
TEXTS = {
    "no message has the id {id}, and none went to such a phone or user": (
        "сообщения с id {id} нет, и такому номеру или пользователю ничего не отправлялось"
    ),
    "no reason is {asked}; there are: {reasons}": "нет такой причины: {asked}; есть: {reasons}",
    "say --phone or --user": "укажите --phone или --user",
    "accepted, mtNum {number}": "принято, mtNum {number}",
    "nothing was heard of message {number} within {seconds} s; is `status` running?": (
        "о сообщении {number} за {seconds} с ничего не известно; работает ли `status`?"
    ),
    "{count} {count:message|messages}; nothing is sent": (
        "{count} {count:сообщение|сообщения|сообщений}; ничего не отправлено"
    ),
    "Send reports on {count} {count:message|messages} to {partner} again?": (
        "Ещё раз отправить партнёру {partner} отчёты о {count} {count:сообщении|сообщениях|сообщениях}?"
    ),
    "{count} {count:message|messages}; `rpns reports list` shows how far it is": (
        "{count} {count:сообщение|сообщения|сообщений}; ход покажет `rpns reports list`"
    ),
    "no reports were sent again": "повторных отправок не было",
    "{state}: {count} {count:report was|reports were} asked for": (
        "{state}: {count:запрошен|запрошены|запрошено} {count} {count:отчёт|отчёта|отчётов}"
    ),
    "{since} to {until}": "{since} — {until}",
    "resend": "повторная отправка",
    "period, UTC": "период, UTC",
    "reports": "отчёты",
    "more than {most} steps: take a longer --step, or a shorter time": (
        "больше {most} шагов: укажите --step крупнее или период короче"
    ),
    "nothing was counted": "ничего не сосчитано",
    "planned": "запланировано",
    "sent": "отправлено",
    "delivered": "доставлено",
    "read": "прочитано",
    "refused": "отклонено",
    "expired": "срок истёк",
    "suppressed": "исключено",
    "errorCode": "код ошибки (errorCode)",
    "to {recipient}": "получатель {recipient}",
    "times in UTC": "время по UTC",
    "times in local time": "местное время",
    "attempt {number}": "попытка {number}",
    "link {number}": "звено {number}",
    "installation {id}": "установка {id}",
    "device {id}": "устройство {id}",
    "What the customer can do: {remedy}": "Что может сделать клиент: {remedy}",
    "Where the cause is: {side}": "Где причина: {side}",
    "late": "с опозданием",
    "does not count": "не учитывается",
    "{ms} ms": "{ms} мс",
    "{count} more lines were not kept": "не сохранено строк: {count}",
    "before that:": "до этого:",
    "there are no such messages": "таких сообщений нет",
    "none of them has failed": "недоставленных среди них нет",
    "failed, for these reasons:": "не доставлено, по причинам:",
    "accepted, UTC": "принято, UTC",
    "message": "сообщение",
    "channel": "канал",
    "{id} is the id of another message as well: {message}": "{id} — ещё и id другого сообщения: {message}",
}
