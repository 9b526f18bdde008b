"""Refusals of mailings, and of lists and their lines. English and Russian. Pure."""

TEXTS = {
    "must be `before` of the page before, or UTC milliseconds": (
        "нужно `before` предыдущей страницы или миллисекунды UTC"
    ),
    "Another mailing has this id": "Этот id уже у другой рассылки",
    "Another upload of this list is under way": "Идёт другая загрузка этого списка",
    "Content-Encoding: must be gzip, or none": "Content-Encoding: допустимо gzip или ничего",
    "Content-Type: must be one of {names}": "Content-Type: допустимо одно из: {names}",
    "Content-Type: {rule}": "Content-Type: {rule}",
    "Lines would be missing": "Не хватало бы строк",
    "No such mailing": "Такой рассылки нет",
    "The list has broken lines": "В списке есть ошибочные строки",
    "The list is empty": "Список пуст",
    "The list is not complete": "Список загружен не полностью",
    "The mailing cannot be read": "Рассылку нельзя прочитать",
    "The mailing cannot go on": "Рассылку нельзя продолжить",
    "The mailing has been changed meanwhile": "Рассылку за это время изменили",
    "The mailing is a draft": "Рассылка — черновик",
    "The mailing is being changed by others": "Рассылку сейчас изменяет кто-то другой",
    "The mailing is {state}": "Состояние рассылки: {state}",
    "The recipients of this mailing are a segment": "Получатели этой рассылки — сегмент",
    "The upload was cut off": "Загрузка оборвалась",
    "Unsupported charset": "Неподдерживаемая кодировка",
    "Unsupported encoding": "Неподдерживаемое сжатие",
    "Unsupported media type": "Неподдерживаемый тип содержимого",
    "a key must not hold {{{{ or }}}}: values are not filled in there": (
        "в ключе не должно быть {{{{ и }}}}: подстановок там нет"
    ),
    "a segment has no values, so {{{{{name}}}}} cannot be filled in": (
        "у сегмента нет значений, поэтому {{{{{name}}}}} нечем заполнить"
    ),
    "at most {limit} different placeholders": "не более {limit} разных подстановок",
    "belongs to the recipients of a mailing": "задаётся в списке получателей рассылки",
    "has no column for {{{{{name}}}}}": "нет столбца для {{{{{name}}}}}",
    "has too many recipients: divide it, or use a segment": (
        "слишком много получателей: разделите список или возьмите сегмент"
    ),
    "holds a character that is reserved (U+10F000 to U+10FFFD)": (
        "есть зарезервированный символ (от U+10F000 до U+10FFFD)"
    ),
    "is not complete: the last upload was cut off, it goes on at line {line}": (
        "загружено не полностью: последняя загрузка оборвалась, продолжение — со строки {line}"
    ),
    "mandatory: the message has a placeholder for it": "обязательно: в сообщении есть такая подстановка",
    "must be IANA names such as Europe/Moscow": "нужны имена зон IANA, например Europe/Moscow",
    "must be a string or a number": "нужна строка или число",
    "must be at most {limit}, or lines between would be missing": (
        "не более {limit}, иначе между частями не хватало бы строк"
    ),
    "must be later than lastUsedAfter": "должно быть позже lastUsedAfter",
    "must be that of the message's sender": "нужно приложение отправителя этого сообщения",
    "must contain at least one recipient": "нужен хотя бы один получатель",
    "must have at most {limit} bytes once it is filled in": (
        "после подстановки — не более {limit} {limit:байта|байтов|байтов}"
    ),
    "must have at most {limit} characters once it is filled in": (
        "после подстановки — не более {limit} {limit:символа|символов|символов}"
    ),
    "must name a column `to` (or `phone`) or `externalUserId`": (
        "нужен столбец `to` (или `phone`) или `externalUserId`"
    ),
    "must name a column `to` (or `phone`) or `externalUserId`; the first line seems to be a recipient": (
        "нужен столбец `to` (или `phone`) или `externalUserId`; первая строка похожа на получателя"
    ),
    "must name ratePerS, name, onBadLines or onRepeated": "нужно ratePerS, name, onBadLines или onRepeated",
    "must not be empty once it is filled in": "после подстановки не должно быть пустым",
    "needs a PUSH whose sender has an application": "нужен PUSH, у отправителя которого есть приложение",
    "each of its messages has its outcome: there is nothing left to hold or to end": (
        "итог каждого сообщения уже известен: приостанавливать и отменять больше нечего"
    ),
    "only a draft changes onRepeated": "onRepeated меняется только у черновика",
    "only a draft takes recipients": "получателей принимает только черновик",
    "only the list of a draft can be deleted": "удалить можно только список черновика",
    "read as {form}": "прочитано как {form}",
    "repeats the recipient of line {line}": "повторяет получателя строки {line}",
    "start it": "запустите её",
    "the partner is switched off": "партнёр отключён",
    "the recipients: what was asked for cannot be opened with the keys that there are": (
        "получатели: запрошенное не открывается имеющимися ключами"
    ),
    "the spreadsheet has made a rounded number of it (1.2E+10): format the column as text, and save it again": (
        "таблица превратила значение в округлённое число (1.2E+10): задайте столбцу текстовый формат и сохраните снова"
    ),
    "was used for another mailing": "использован для другой рассылки",
    "what was asked for cannot be opened with the keys that there are": (
        "запрошенное не открывается имеющимися ключами"
    ),
    "what was stored stays; see nextLine": "сохранённое остаётся; см. nextLine",
    "{count} lines are broken: mend the list, or set onBadLines to skip": (
        "ошибочных строк: {count}; исправьте список или задайте onBadLines: skip"
    ),
    "{{{{{name}}}}} cannot be used here": "{{{{{name}}}}} здесь использовать нельзя",
    "{{{{{name}}}}} is the name of a column of its own": "{{{{{name}}}}} — имя отдельного столбца",
}

LISTS = {
    "`sep=` must be followed by `,` `;` `|` or a tab": "после `sep=` нужны `,` `;` `|` или табуляция",
    "ends in the middle of its gzip": "сжатие gzip обрывается на середине",
    "has {found} columns, the header has {wanted}": "столбцов: {found}, а в заголовке {wanted}",
    "holds NUL characters: UTF-16 needs its byte order mark, or `charset=utf-16le`": (
        "есть символы NUL: для UTF-16 нужна метка порядка байтов или `charset=utf-16le`"
    ),
    "is UTF-32: save it as UTF-8": "это UTF-32: сохраните в UTF-8",
    "is a PDF document, not CSV or JSON lines": "это документ PDF, а не CSV и не строки JSON",
    "is an Excel workbook (.xls): save it as CSV UTF-8": "это книга Excel (.xls): сохраните её как CSV UTF-8",
    "is an Excel workbook or a ZIP archive: save it as CSV UTF-8": (
        "это книга Excel или архив ZIP: сохраните как CSV UTF-8"
    ),
    "is compressed (Zstandard): send it as it is": "файл сжат (Zstandard): отправьте его без сжатия",
    "is compressed (bzip2): send it as it is": "файл сжат (bzip2): отправьте его без сжатия",
    "is compressed (gzip): send it as it is": "файл сжат (gzip): отправьте его без сжатия",
    "is compressed (xz): send it as it is": "файл сжат (xz): отправьте его без сжатия",
    "is not gzip, as Content-Encoding says, or is damaged": (
        "это не gzip, как сказано в Content-Encoding, или он повреждён"
    ),
    "its quotes do not match": "кавычки не закрыты",
    "mandatory: the first line names the columns": "обязательно: первая строка называет столбцы",
    "must be JSON lines, one object a line; this is a JSON array": (
        "нужны строки JSON, по объекту в строке; это массив JSON"
    ),
    "must be JSON lines, one object a line; this one goes over several lines": (
        "нужны строки JSON, по объекту в строке; этот занимает несколько строк"
    ),
    "must be UTF-8; another encoding must be named, as in `charset=windows-1251`": (
        "нужна UTF-8; другую кодировку нужно назвать, например `charset=windows-1251`"
    ),
    "must be a JSON object in UTF-8": "нужен объект JSON в UTF-8",
    "must be at most {limit} bytes once it is unpacked: divide it": (
        "после распаковки — не более {limit} {limit:байта|байтов|байтов}: разделите список"
    ),
    "must name the columns; these are JSON lines, not CSV": "нужны имена столбцов; это строки JSON, а не CSV",
    "must not differ from `{name}`, which means the same": "не должно отличаться от `{name}`: это одно и то же",
    "names a column twice": "столбец назван дважды",
    "names a column twice: `{name}`": "столбец назван дважды: `{name}`",
}
