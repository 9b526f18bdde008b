"""Mailings: one message to very many."""

HELP = {
    "Mailings: one message to very many.": "Рассылки: одно сообщение очень многим.",
    "A draft from a JSON file: name, message, schedule, ratePerS, segment (docs/features/mailings.md).": (
        "Черновик из файла JSON: name, message, schedule, ratePerS, segment (docs/features/mailings.md)."
    ),
    "- is standard input": "- — стандартный ввод",
    "whose mailing it is": "партнёр, которому принадлежит рассылка",
    "The newest mailings.": "Последние рассылки.",
    "The recipients, as NDJSON or CSV. Goes on where an upload was cut off. Exit code 1 when lines are broken.": (
        "Получатели в NDJSON или CSV. Продолжает прерванную загрузку. Код завершения 1, если есть неверные строки."
    ),
    "id of the mailing": "id рассылки",
    "What starting it would mean: how many, when it finishes, how many would expire. Nothing is sent.": (
        "Что даст запуск: сколько сообщений, когда закончится, у скольких истечёт срок. Ничего не отправляется."
    ),
    "Let it run.": "Запустить.",
    "not before this moment, ISO 8601": "не раньше этого времени, ISO 8601",
    "show how it comes along until it is over": "показывать ход до завершения",
    "The rate, also of one that runs, and what broken and repeated lines mean.": (
        "Скорость, в том числе идущей рассылки, и что делать с неверными и повторными строками."
    ),
    "messages per second": "сообщений в секунду",
    "lines that repeat a recipient; of a draft": "строки, повторяющие получателя; только у черновика",
    "How far it has come.": "Ход рассылки.",
    "until it is over and nothing is under way": "до завершения, пока не станет известен итог каждого сообщения",
    "Let it rest; what is asked for already is held as well.": "Приостановить; уже запрошенное тоже задерживается.",
    "Let it go on.": "Возобновить.",
    "End it for good; what was sent is sent.": "Отменить навсегда; отправленное остаётся отправленным.",
}
TEXTS = {
    "mailing": "рассылка",
    "mailing {mailing} is {state}": "рассылка {mailing}: {state}",
    "mailing {mailing} is changed": "рассылка {mailing} изменена",
    "There are no mailings.": "Рассылок нет.",
    "{file}: is it .ndjson, .csv or .tsv?": "{file}: это .ndjson, .csv или .tsv?",
    "read as {format} in {encoding}": "прочитано как {format} в {encoding}",
    "{delimiter} between": "разделитель {delimiter}",
    "columns {columns}": "столбцы {columns}",
    "and {count} more": "и ещё {count}",
    "{count} {count:row|rows}": "{count} {count:строка|строки|строк}",
    "line {number}": "строка {number}",
    "… and {count} more: /v1/mailings/…/problems": "… и ещё {count}: /v1/mailings/…/problems",
    "{count} broken": "неверных: {count}",
    "none broken": "неверных нет",
    "{count} {count:recipient|recipients}": "{count} {count:получатель|получателя|получателей}",
    "{count} repeated": "повторных: {count}",
    "recipients": "получатели",
    "looked at {count}": "просмотрено {count}",
    "projected from {count} all over the list": "оценка по {count}, взятым равномерно из всего списка",
    "fewer than half": "меньше половины",
    "careful": "внимание",
    "{names}: sent to everybody as written; a value would be {{{{name}}}}": (
        "{names}: уйдёт всем как написано; подстановка пишется {{{{name}}}}"
    ),
    "left out": "исключено",
    "{count} lines that repeat a recipient (--send-repeated sends to them)": (
        "строк, повторяющих получателя: {count} (--send-repeated отправит и им)"
    ),
    "reachable": "доступны",
    "{addressed}; unknown {unknown}; no device {unreachable}": (
        "{addressed}; неизвестных {unknown}; без устройства {unreachable}"
    ),
    "starts": "начало",
    "finishes": "окончание",
    "beyond the horizon": "за пределами прогноза",
    "would expire": "истечёт срок",
    "paid for": "платных",
    "at most {count} by {channel}": "не более {count} через {channel}",
    "{parts} SMS, by length": "SMS с учётом длины: {parts}",
    "sent {sent}, delivered {delivered}, read {read}": "отправлено {sent}, доставлено {delivered}, прочитано {read}",
    "{count} lines repeat a recipient: left out": "строк, повторяющих получателя: {count}, исключены",
    "{count} lines repeat a recipient: sent to as well": "строк, повторяющих получателя: {count}, отправляется и им",
    "failed: {reasons}": "не доставлено: {reasons}",
    "no outcome yet: {pending}": "итога пока нет: {pending}",
    "got nothing because it was cancelled, so far: {cancelled}": "не получили из-за отмены, пока: {cancelled}",
    "still counting: known of {known} of {planned} planned": (
        "подсчёт продолжается: известно о {known} из {planned} запланированных"
    ),
    "all is known: {outcomes}": "всё известно: {outcomes}",
    "got it: {count}": "получили: {count}",
    "sent, not confirmed: {count}": "отправлено без подтверждения: {count}",
    "got nothing because it was cancelled: {count}": "не получили из-за отмены: {count}",
    "have no device: {count}": "нет доступного устройства: {count}",
    "not delivered for another reason: {count}": "не доставлено по другой причине: {count}",
    "planned {count}": "запланировано {count}",
    "of {count}": "из {count}",
    "at {rate}/s": "по {rate}/с",
}
