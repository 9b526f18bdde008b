"""The import of devices: its command, and the rules and reasons of its files."""

HELP = {
    (
        "Import existing tokens, as NDJSON or CSV, also .gz, or another platform's export.\n\n"
        "Bad lines are listed and left out (exit code 1), and kept in a file where --rejects names one; safe to repeat."
    ): (
        "Импортировать существующие токены: NDJSON или CSV, можно .gz, либо выгрузку другой платформы.\n\n"
        "Неверные строки перечисляются и пропускаются (код завершения 1), а с --rejects сохраняются в файл; "
        "можно повторять."
    ),
    "one device a line: provider, token, phone …": "по устройству на строку: provider, token, phone …",
    "id of the application the tokens belong to": "id приложения, которому принадлежат токены",
    "default: by the file's ending": "по умолчанию — по расширению файла",
    "the file is this platform's export": "файл — выгрузка этой платформы",
    "OURS=THEIRS: a column of a table of your own; repeat for more": (
        "НАШ=ИХ: столбец собственной таблицы; для нескольких повторите"
    ),
    "OURS=CELL: what all rows of it have, the provider say": ("НАШ=ЗНАЧЕНИЕ: общее для всех строк, например provider"),
    "TOML or JSON with tables columns and values; options win": (
        "TOML или JSON с таблицами columns и values; параметры важнее"
    ),
    "ask the platform what would be imported and what not; nothing is stored": (
        "спросить платформу, что будет импортировано, а что нет; ничего не сохраняется"
    ),
    "go on from this line of the file; the header counts": "продолжить с этой строки файла; заголовок считается",
    "write the bad lines to this new file, each with its reason: mend and import it": (
        "записать неверные строки в этот новый файл с причинами: исправьте и импортируйте его"
    ),
}
TEXTS = {
    "cannot be read: {why}": "не удалось прочитать: {why}",
    "must be TOML in UTF-8, or JSON where its name ends in .json": (
        "нужен TOML в UTF-8 либо JSON, если имя кончается на .json"
    ),
    "must be an object with columns and values": "нужен объект с columns и values",
    "unknown table {table}; there are: {tables}": "неизвестная таблица {table}; допустимо: {tables}",
    "{table} must be a table of names": "{table}: нужна таблица имён",
    "{field} must be text, not empty": "{field}: нужен непустой текст",
    "cannot be written: {why}": "не удалось записать: {why}",
    "cannot be created: {why}": "не удалось создать: {why}",
    "exists already and is no empty file: name another one": "уже есть и не пуст: укажите другой",
    "read as {format}": "прочитано как {format}",
    "JSON lines in {encoding}": "строки JSON в {encoding}",
    "CSV in {encoding}": "CSV в {encoding}",
    "tabs": "табуляция",
    "stopped": "остановлено",
    "{file} ends at line {end}: there is nothing from line {line} on": (
        "{file} кончается на строке {end}: начиная со строки {line} ничего нет"
    ),
    "lines {first} to {last} are done: go on with --from-line {next}": (
        "строки с {first} по {last} обработаны: продолжить — --from-line {next}"
    ),
    "line": "строка",
    "{file}: is it ndjson or csv? say --format": "{file}: это ndjson или csv? укажите --format",
    "--column, --value and --map are for a table of your own, without --from": (
        "--column, --value и --map — для собственной таблицы, без --from"
    ),
    "{column} is the column of --rejects, which is not read": "{column} — столбец из --rejects, он не читается",
    "--column token=… must say which column holds the tokens": "--column token=… — укажите столбец с токенами",
    "is written unpacked: name it without .gz": "записывается без сжатия: укажите имя без .gz",
    "must be named as {kind}, which the imported file is": "нужно имя для {kind}, как у импортируемого файла",
    "must be OURS=THEIRS": "нужно НАШ=ИХ",
    "too long to be kept: {count}": "слишком длинных, чтобы сохранить: {count}",
    "bad lines in {file}: {count}": "неверных строк в {file}: {count}",
    "{count} would be imported": "было бы импортировано: {count}",
    "{count} imported": "импортировано: {count}",
    "{count} known before": "известно раньше: {count}",
    "{count} bad": "неверных: {count}",
    "none bad": "неверных нет",
    "lines {count}": "строк {count}",
    "left out {count}: {reason}": "исключено {count}: {reason}",
    "the file is damaged: its compression breaks off": "файл повреждён: сжатые данные обрываются",
}
RULES = {
    "web subscriptions, which are bound to the keys they were made with": (
        "веб-подписки: они привязаны к ключам, с которыми созданы"
    ),
    "devices of Amazon": "устройства Amazon",
    "devices of Baidu": "устройства Baidu",
    "Windows": "Windows",
    "macOS": "macOS",
    "Alexa": "Alexa",
    "e-mail addresses": "адреса электронной почты",
    "phone numbers without a device": "номера телефонов без устройства",
    "tokens for calls (VoIP)": "токены для звонков (VoIP)",
    "custom channels": "собственные каналы",
    "in-app addresses": "адреса внутри приложения",
    "tokens that OneSignal calls invalid": "токены, которые OneSignal считает недействительными",
    "devices whose registration had failed": "устройства, регистрация которых не удалась",
    "endpoints that are inactive": "неактивные конечные точки",
    "rows without a token": "строки без токена",
    "must be one of {choice}": "допустимо {choice}",
    "must be an offset from UTC in seconds that a time zone has": (
        "нужно смещение от UTC в секундах, которое есть у какого-либо часового пояса"
    ),
    "{name} is no column of ours; there are: {columns}": "{name} — не наш столбец; есть: {columns}",
    "must be text": "нужен текст",
    "must be a whole number": "нужно целое число",
    "must be true or false": "допустимо true или false",
    "must be JSON": "нужен JSON",
    "must be at most {size} bytes": "не более {size} байтов",
    "has no column {name}": "нет столбца {name}",
    "names no column that is known; there are: {columns}": "нет ни одного известного столбца; есть: {columns}",
    "unknown column {name}; there are: {columns}": "неизвестный столбец {name}; есть: {columns}",
}
