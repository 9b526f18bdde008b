"""What all commands share: how the platform is reached, times, tables, stops, the audit trail, forgetting."""

HELP = {
    "Operate RPNS through its HTTP API.": "Управление RPNS через HTTP API.",
    "the platform's public address": "публичный адрес платформы",
    "the operators' address; default: --url": "адрес для операторов; по умолчанию --url",
    "an operator's token; or a file named by …_FILE; default: the running local stack's": (
        "токен оператора; либо файл, названный в …_FILE; по умолчанию — токен работающего локального стенда"
    ),
    "show times as this machine's clock does; default: UTC": "показывать местное время; по умолчанию UTC",
    "in which it speaks; default: the locale's (LC_ALL, LANG)": (
        "язык вывода; по умолчанию — язык окружения (LC_ALL, LANG)"
    ),
    "show it and end": "показать версию и выйти",
    "Show which release this is.": "Показать версию.",
    "print JSON for machines": "вывести JSON для программ",
    "of the file, where it is not UTF-8 and does not say so: windows-1251 …": (
        "кодировка файла, если это не UTF-8 и файл об этом не сообщает: windows-1251 …"
    ),
    "id of the application": "id приложения",
    "id of the partner": "id партнёра",
    "read it from this file (- is standard input) instead of drawing one": (
        "взять из этого файла (- — стандартный ввод), а не создавать случайный"
    ),
    "do not ask whether you are sure": "не спрашивать подтверждения",
    "do not ask": "не спрашивать",
    "List what is paused or cancelled now.": "Показать, что сейчас приостановлено или отменено.",
    "Hold everything up that has not been planned or sent; it waits until its lifetime ends.": (
        "Задержать всё, что ещё не запланировано и не отправлено; оно ждёт до конца срока жизни."
    ),
    "Let what is paused go on.": "Возобновить приостановленное.",
    "End a packet, a mailing, a scheduled message or what follows in its cascade: what is not planned is not sent.": (
        "Отменить пакет, рассылку, запланированное сообщение или остаток его каскада: "
        "что не запланировано, не отправляется."
    ),
    "partner, application, provider, packet, mailing": "partner, application, provider, packet, mailing",
    "packet, mailing, message": "packet, mailing, message",
    "its id; of a packet or mailing <partner>/<id>": "id; у пакета и рассылки — <партнёр>/<id>",
    "why, for those who read it later": "причина — для тех, кто прочтёт позже",
    (
        "List changes by operators and partners, operators' looks at customers, and refusals, the newest last.\n\n"
        "Needs the scope admin."
    ): (
        "Показать изменения операторов и партнёров, просмотры данных клиентов операторами и отказы; новые — в конце."
        "\n\nНужно право admin."
    ),
    "operator:<name>, partner:<login>, or the name alone": "operator:<имя>, partner:<логин> или только имя",
    "a part of the path, or of a thing's key: partner/<id> …": "часть пути или ключа объекта: partner/<id> …",
    "looks at this customer's values, searches for them, and what was done to them": (
        "просмотры данных этого клиента, поиск по нему и действия с его данными"
    ),
    "only records of this kind": "только записи этого вида",
    "the same by user id": "то же по id пользователя",
    "the same by an id of a message": "то же по id сообщения",
    "30m, 12h, 7d, or a date as 2026-11-28T12:00; default: a day before --until": (
        "30m, 12h, 7d или дата, например 2026-11-28T12:00; по умолчанию — за сутки до --until"
    ),
    "likewise, and not later; default: now": "так же, верхняя граница; по умолчанию — сейчас",
    "only looks that may have shown anybody, as exports": (
        "только просмотры, которые могли показать кого угодно, например выгрузки"
    ),
    "Forget a person: destroy the keys to what the log holds, clean the rest, print the proof. Cannot be undone.": (
        "Удалить данные лица: уничтожить ключи к записям журнала, очистить остальное, вывести подтверждение. "
        "Отменить нельзя."
    ),
    "the person's phone": "номер телефона",
    "the person's user id": "id пользователя",
    "only this partner's data; default: everybody's": "только данные этого партнёра; по умолчанию — всех",
    "only this application's data; default: all": "только данные этого приложения; по умолчанию — всех",
    "not users and phones that proved logins show with it": (
        "без пользователей и номеров, связанных с ним подтверждёнными входами"
    ),
    "read the whole log and count what does not open": "прочитать весь журнал и сосчитать, что не раскрывается",
    "seconds to wait until everything is cleaned": "сколько секунд ждать завершения очистки",
}
TEXTS = {
    "error": "ошибка",
    "y/N": "д/Н",
    "yes": "да",
    "no": "нет",
    "UTC": "UTC",
    "local time": "местное время",
    "It is shown this once; keep it now.": "Показывается один раз; сохраните сейчас.",
    "nothing answers at {url}": "по адресу {url} ничего не отвечает",
    "the local stack is not running: `make up` starts it": "локальный стенд не запущен: его запускает `make up`",
    "another platform has --operators-url and --token, or RPNS_OPERATORS_URL and RPNS_OPERATOR_TOKEN": (
        "для другой платформы укажите --operators-url и --token либо RPNS_OPERATORS_URL и RPNS_OPERATOR_TOKEN"
    ),
    "no operator's token for {url}: give --token or set RPNS_OPERATOR_TOKEN": (
        "нет токена оператора для {url}: укажите --token или задайте RPNS_OPERATOR_TOKEN"
    ),
    "the token holds characters that no header can carry": "в токене есть символы, недопустимые в заголовке",
    "{name}: cannot be read ({error})": "{name}: не удалось прочитать ({error})",
    "{url} did not take the operator's token (401); is it this platform's, and its operators' address?": (
        "{url}: токен оператора не принят (401); он от этой платформы, и это адрес для операторов?"
    ),
    "{url} cannot be reached: {why}; is the stack up (locally `make up`), and is this its --url?": (
        "{url} недоступен: {why}; стенд запущен (локально `make up`), и --url верен?"
    ),
    "{url} answered something other than JSON; is it the platform's address?": (
        "{url} вернул не JSON; это адрес платформы?"
    ),
    "--url must be like http://127.0.0.1:8080; it is {given}": (
        "--url: нужен вид http://127.0.0.1:8080; указано {given}"
    ),
    "an id or a name must not be empty, and not . or ..": "id и имя не могут быть пустыми, а также . и ..",
    "the platform answered {status}": "платформа ответила {status}",
    "error {code}": "ошибка {code}",
    "{file} cannot be read: {why}": "не удалось прочитать {file}: {why}",
    "{file} is not UTF-8 text": "{file}: это не текст в UTF-8",
    "{file} is not JSON: line {line}, column {column}": "{file}: это не JSON: строка {line}, столбец {column}",
    "{file} is not JSON": "{file}: это не JSON",
    "{file} is nested too deep": "{file}: слишком большая вложенность",
    "{file} must hold a JSON object": "{file}: нужен объект JSON",
    "{file} is empty": "{file}: файл пуст",
    "{file}: no such file": "{file}: нет такого файла",
    "--clear {name}: can be {choice}": "--clear {name}: допустимо {choice}",
    "nothing to change: name at least one option": "нечего менять: укажите хотя бы один параметр",
    "{given} is no time: say 30m, 12h, 7d, or a date as 2026-11-28T12:00 (UTC)": (
        "{given} — не время: укажите 30m, 12h, 7d или дату, например 2026-11-28T12:00 (UTC)"
    ),
    "nothing is paused or cancelled": "ничего не приостановлено и не отменено",
    "what": "что",
    "id": "id",
    "state": "состояние",
    "by": "кем",
    "reason": "причина",
    "since, UTC": "с какого времени, UTC",
    (
        "cancelling of message {message} is asked for, from link {link} on ({channels}); `rpns why` tells how it ended"
    ): "запрошена отмена сообщения {message} начиная со звена {link} ({channels}); чем кончилось, покажет `rpns why`",
    "{scope} cannot be stopped; there are {scopes}": "{scope}: остановить нельзя; допустимо {scopes}",
    "{scope} {id} is paused": "{scope} {id}: приостановлено",
    "{scope} {id} is cancelled": "{scope} {id}: отменено",
    "{scope} {id} is running": "{scope} {id}: работает",
    "when, UTC": "когда, UTC",
    "who": "кто",
    "from": "откуда",
    "answer": "ответ",
    "changed, from → to; shown (#: a fingerprint of a phone, user id or id)": (
        "изменено: было → стало; показано (#: отпечаток телефона, id клиента или другого id)"
    ),
    "there are no such records": "таких записей нет",
    "there is more than could be read in time: ask for a shorter time": (
        "записей больше, чем удалось прочитать вовремя: укажите период короче"
    ),
    "nothing of the audit trail has been read from the log yet": "из журнала аудита ещё ничего не прочитано",
    "records after {until} may be missing: the trail is behind the log, or Kafka is away": (
        "записей после {until} может не хватать: журнал прочитан не до конца, или Kafka недоступна"
    ),
    "looked back to {begin}, and not further": "просмотрено назад до {begin}, более ранние записи не просмотрены",
    "{shown} older {count:one|ones}: ask again with --until {oldest}": (
        "ещё {shown} более {count:старая|старые|старых}: повторите с --until {oldest}"
    ),
    "{shown} {count:look names|looks name} nobody and may have shown this customer too: list them with --wide": (
        "{shown} {count:просмотр|просмотра|просмотров} без указания клиента могли показать и его: перечислит --wide"
    ),
    "{shown} {count:message|messages}, with {count:its phone and user id|their phones and user ids}: {ids}": (
        "{shown} {count:сообщение|сообщения|сообщений}, телефон и id клиента показаны: {ids}"
    ),
    "and others, whom the record does not name": "и другие, которых запись не называет",
    "nothing": "ничего",
    "name a --phone, a --user or both": "укажите --phone, --user или оба",
    "Nobody can undo this. Forget them?": "Отменить это нельзя. Удалить данные?",
    "not everything is cleaned yet; it goes on by itself: ask again": (
        "очищено ещё не всё; очистка идёт сама, запросите ещё раз"
    ),
    "to be forgotten": "будут удалены данные",
    "left out (linked by unproved logins)": "не затронуты (связаны неподтверждёнными входами)",
    "erasure {id}: {state}": "удаление {id}: {state}",
    "can be derived": "можно вывести",
    "destroyed": "уничтожен",
    "all": "все",
    "no keys": "ключей нет",
    "recipient": "получатель",
    "scope": "область",
    "generation": "поколение",
    "key": "ключ",
    "process": "процесс",
    "fails, and is tried again": "ошибка, повторяется само",
    "last, UTC": "последняя, UTC",
    "tries": "попыток",
    "dropped the keys, UTC": "забыл ключи, UTC",
    "no process yet": "пока ни один процесс",
    "service": "сервис",
    "cleaned": "очищено",
    "nothing cleaned yet": "пока ничего не очищено",
    "topic": "топик",
    "records of theirs": "записей лица",
    "that open": "раскрываются",
    "of others": "других лиц",
}
