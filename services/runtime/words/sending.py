"""Refusals of messages and of broadcasts: `services/ingest/rules`, `send`, `broadcast`. English and Russian. Pure."""

TEXTS = {
    "must be 1 to 128 letters, digits and _ . : ~ -": "нужно от 1 до 128 латинских букв, цифр и знаков _ . : ~ -",
    # the errors of the partner protocol, which the native API has as titles
    "Invalid IP-address": "Недопустимый IP-адрес",
    "Invalid TTL": "Неверный срок жизни",
    "Invalid login": "Неверный логин",
    "Invalid password": "Неверный пароль",
    "Message type is not correct": "Неверный тип сообщения",
    "Prohibited sending duplicates": "Повторная отправка запрещена",
    "Too many connections": "Слишком много соединений",
    "destAddr is not correct": "Неверный destAddr",
    "serviceNumber is not defined": "serviceNumber не задан",
    "error {code}": "ошибка {code}",
    # one message
    "SECURE is for PUSH only": "SECURE есть только у PUSH",
    "a cascade has at most {limit} links, the first message included": (
        "в каскаде не более {limit} {limit:звена|звеньев|звеньев}, считая первое сообщение"
    ),
    "excludes input-push-token": "несовместимо с input-push-token",
    "has passed already": "уже прошло",
    "is for start only": "только для start",
    "is for update and end: what is to be started has no id yet": (
        "только для update и end: у того, что лишь предстоит начать, ещё нет id"
    ),
    "could not be stored in time, it may be sent again with its id": (
        "не удалось сохранить вовремя, можно отправить ещё раз с тем же id"
    ),
    "mandatory for start": "обязательно для start",
    "mandatory for update": "обязательно для update",
    "mandatory for {channel}": "обязательно для {channel}",
    "mandatory, no default is configured for {channel}": "обязательно: значение по умолчанию для {channel} не задано",
    "mandatory, no default sender is configured": "обязательно: отправитель по умолчанию не задан",
    "mandatory unless data.externalUserId is given": "обязательно, если не указан data.externalUserId",
    "must be 0 to 3": "от 0 до 3",
    "must be 1": "допустимо только 1",
    "must be DELIVERED after a FLASHINGCALL": "после FLASHINGCALL допустимо только DELIVERED",
    "must be DELIVERED or READ": "допустимо DELIVERED или READ",
    "must be HH:MM, 00:00 to 23:59": "нужно ЧЧ:ММ, от 00:00 до 23:59",
    "must be SECONDS, MINUTES or HOURS": "допустимо SECONDS, MINUTES или HOURS",
    "must be START or UPDATE or END": "допустимо START, UPDATE или END",
    "must be a JSON object": "нужен объект JSON",
    "must be a list of {form}": "нужен список из {form}",
    "must be a string or {{loc-key, loc-args}}": "нужна строка или {{loc-key, loc-args}}",
    "must be an ISO 8601 time such as 2029-12-31T16:29:30+0300": (
        "нужно время ISO 8601, например 2029-12-31T16:29:30+0300"
    ),
    "must be at most {days} days ahead": "не позже чем через {days} {days:день|дня|дней}",
    "must be digits, 1 Monday to 7 Sunday": "нужны цифры от 1 (понедельник) до 7 (воскресенье)",
    "must be name1=value1,name2=value2 with commas inside values doubled": (
        "нужно имя1=значение1,имя2=значение2; запятая внутри значения удваивается"
    ),
    "must be one of the partner's senders": "нужен один из отправителей партнёра",
    "must be or contain a code of 4 or 6 digits for FLASHINGCALL": (
        "для FLASHINGCALL нужен код из 4 или 6 цифр или текст с ним"
    ),
    "must be the name of a channel": "нужно название канала",
    "must be the same in all links of a cascade": "должно совпадать во всех звеньях каскада",
    "must be {least} to {most} seconds": "от {least} до {most} секунд",
    "must be {least} to {most} seconds for {channel}": "от {least} до {most} секунд для {channel}",
    "must have at most {limit} bytes as JSON": "не более {limit} {limit:байта|байтов|байтов} в виде JSON",
    "must have at most {limit} characters for SMS": "не более {limit} {limit:символа|символов|символов} для SMS",
    "must hold 1 to {limit} messages": "от 1 до {limit} {limit:сообщения|сообщений|сообщений}",
    "must hold at most {limit} messages": "не более {limit} {limit:сообщения|сообщений|сообщений}",
    "names must be Latin letters and digits": "имена состоят из латинских букв и цифр",
    "no value for the placeholder %{name}%": "нет значения для подстановки %{name}%",
    "only a push can hold SECURE values": "значения SECURE есть только у push",
    "others, added up": "прочие вместе",
    "the request could not be stored in time, repeat it with the same id": (
        "запрос не удалось сохранить вовремя, повторите его с тем же id"
    ),
    "the request could not be stored, repeat it with the same id": (
        "запрос не удалось сохранить, повторите его с тем же id"
    ),
    "was used before": "уже использован",
    # test pushes
    "Duplicate request": "Повторный запрос",
    "id was used before with another recipient or content: the first request stands": (
        "id уже использован с другим получателем или содержанием: действует первый запрос"
    ),
    "is switched off": "отключено",
    "must name a partner": "должно называть партнёра",
    "phone or user must be given": "нужно указать phone или user",
    # broadcasts over channels of APNs
    "Channel not open": "Канал не открыт",
    "No APNs credentials": "Нет учётных данных APNs",
    "Not yet": "Пока нет",
    "Unknown channel": "Неизвестный канал",
    "Unknown message": "Неизвестное сообщение",
    "a broadcast is for all who follow the channel": "вещание адресовано всем, кто следит за каналом",
    "cannot be changed: delete the channel, or use another name": (
        "изменить нельзя: удалите канал или возьмите другое имя"
    ),
    "it is {state}": "состояние: {state}",
    "must be update or end: a channel starts no activities": "допустимо update или end: канал не начинает активностей",
    "no application of that id with a sender of yours": "нет приложения с таким id и вашим отправителем",
    "no channel of that name was requested": "канал с таким именем не запрашивался",
    "no message of that id was sent on this channel": "сообщение с таким id в этот канал не отправлялось",
    "the application has no credentials of `apns`": "у приложения нет учётных данных `apns`",
    "the channel is being made; try again when it is open or refused": (
        "канал создаётся; повторите, когда он будет открыт или отклонён"
    ),
}
