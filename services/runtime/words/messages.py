"""Refusals of what is asked of messages: `services/status`. English and Russian. Pure."""

TEXTS = {
    "at most {most} at once of one caller, and {all} of all: wait until one has ended": (
        "не более {most} одновременно у одного и {all} всего: дождитесь конца одного из них"
    ),
    "No such address": "Такого адреса нет",
    "No such entry": "Такой записи нет",
    "No such id": "Такого id нет",
    "No such link": "Такой ссылки нет",
    "No such message": "Такого сообщения нет",
    "No such packet": "Такого пакета нет",
    "No such resend": "Такой повторной отправки нет",
    "Not a report": "Это не отчёт",
    "Not known yet": "Пока неизвестно",
    "One is running": "Одна уже идёт",
    "The lifetime of the message has passed": "Срок жизни сообщения истёк",
    "Too late": "Слишком поздно",
    "Too many exports": "Слишком много выгрузок",
    "Too many streams": "Слишком много потоков",
    "at most {limit} at once: wait until one has ended": "одновременно не более {limit}: дождитесь конца одного",
    "at most {limit} exports at once: wait until one has ended": (
        "одновременно не более {limit} {limit:выгрузки|выгрузок|выгрузок}: дождитесь конца одной"
    ),
    "body: must be a JSON object": "body: нужен объект JSON",
    "cancel it, or wait for its end": "отмените её или дождитесь конца",
    "id: must be the id that was posted": "id: нужен id, который был отправлен",
    "makes more than {limit} rows: ask for a shorter time or fewer fields": (
        "получается более {limit} {limit:строки|строк|строк}: сузьте период или уберите поля"
    ),
    "must be an id that this stream gave": "нужен id, полученный из этого потока",
    "must be name=value": "нужно имя=значение",
    "must name a partner; of a partner itself": "должно называть партнёра; у самого партнёра — его",
    "no message has this id, mtNum or partner's id": "сообщения с таким id, mtNum или id партнёра нет",
    "no such reason has it": "такой причины нет",
    "none of your messages has this packetId (yet)": "среди ваших сообщений с этим packetId (пока) ничего нет",
    "nothing of this message waits any more: it was sent, or it has ended": (
        "у этого сообщения больше нечего отменять: оно отправлено или завершено"
    ),
    "send it again": "отправьте ещё раз",
    "status: must be 0, 2, 5 or 9": "status: допустимо 0, 2, 5 или 9",
    "the partner has none with this id, mtNum or own id": (
        "у партнёра нет сообщения с таким id, mtNum или собственным id"
    ),
}
