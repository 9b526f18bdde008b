"""Repairs: the database from the log, into files, and back."""

HELP = {
    "Make the database once more from the log, into a second one. Nothing is sent; killed, it goes on where it was.": (
        "Построить базу заново по журналу, во вторую базу. Ничего не отправляется; после обрыва продолжает с места."
    ),
    "name of the second database; default: <database>-rebuilt": "имя второй базы; по умолчанию <database>-rebuilt",
    "then show by id what differs from the database in use": "затем показать по id отличия от рабочей базы",
    "finish it and hand the services over to it; all of them are stopped": (
        "завершить и перевести на неё сервисы; все они остановлены"
    ),
    "forget what an earlier rebuild has made there": "забыть сделанное там прежней перестройкой",
    "Write the database, and how far everything had come, into a new folder. Services may run meanwhile.": (
        "Записать базу и то, как далеко всё зашло, в новую папку. Сервисы могут работать."
    ),
    "folder of the backup": "папка резервной копии",
    "Load a backup into the empty database, then add from the log what came since. All services are stopped.": (
        "Загрузить резервную копию в пустую базу и добавить из журнала, что было после. Все сервисы остановлены."
    ),
    "drop what is in the database": "удалить то, что есть в базе",
    "also where the log does not reach back to the backup any more": (
        "даже если журнал уже не достаёт до резервной копии"
    ),
}
TEXTS = {
    "{count} {count:document|documents}, {size} MB, in {folder}": (
        "{count} {count:документ|документа|документов}, {size} МБ, в {folder}"
    ),
    "as of {at} UTC; read later, and folded again anyway: {collections}": (
        "на {at} UTC; прочитано позже и всё равно будет построено заново: {collections}"
    ),
    "master key (its fingerprint): {fingerprint}": "мастер-ключ (отпечаток): {fingerprint}",
    "keep apart: RPNS_MASTER_KEY, and RPNS_OLD_MASTER_KEYS if there are any: without them nothing sealed opens": (
        "храните отдельно: RPNS_MASTER_KEY и, если есть, RPNS_OLD_MASTER_KEYS: без них ничего зашифрованное не раскрыть"
    ),
    (
        "recipient_keys, hour_keys: in this backup, sealed under the master key. A backup that is older than an "
        "erasure still has the keys: throw it away in time"
    ): (
        "recipient_keys, hour_keys: в этой копии, зашифрованы мастер-ключом. В копии старше удаления данных ключи ещё "
        "есть: вовремя уничтожьте её"
    ),
    "{count} {count:document|documents} of {at} UTC loaded": (
        "{count:загружен|загружены|загружено} {count} {count:документ|документа|документов} на {at} UTC"
    ),
    "{count} {count:record|records} since folded, {rate} a second": (
        "добавлено из журнала: {count} {count:запись|записи|записей}, {rate} в секунду"
    ),
    (
        "brought back: {claims} claims, {links} waiting links, {pushes} pushes that come again, "
        "{reports} reports that are tried again, {mailings} mailings"
    ): (
        "возвращено: заявок {claims}, ждущих звеньев {links}, повторяемых push-уведомлений {pushes}, "
        "повторяемых отчётов {reports}, рассылок {mailings}"
    ),
    "{count} {count:erasure|erasures} since carried out again": (
        "{count} {count:удаление|удаления|удалений} данных после копии повторено"
    ),
    "start the services": "запустите сервисы",
    (
        "{count} {count:record|records} could not be folded: among the dead letters, or a document of the backup "
        "is damaged; rpns rebuild makes it again"
    ): (
        "не удалось применить {count} {count:запись|записи|записей}: среди отложенных, либо документ копии повреждён; "
        "rpns rebuild построит его заново"
    ),
    "{topic}: {count} {count:record|records} after the backup gone from the log, and what they said too": (
        "{topic}: {count} {count:запись|записи|записей} после копии уже нет в журнале, как и их содержания"
    ),
    (
        "{count} {count:push|pushes} may have been begun when the database was lost, at providers that would show "
        "them twice: reported as uncertain and not sent again"
    ): (
        "{count} push-{count:уведомление|уведомления|уведомлений} могли начать отправку, когда база пропала, у "
        "провайдеров, которые показали бы их дважды: исход неизвестен, повторно не отправляются"
    ),
    "{count} {count:link|links} in planning: planned anew, under the same ids": (
        "{count} {count:звено|звена|звеньев} в планировании: планируются заново под теми же id"
    ),
    "lists that came after the backup are gone; bring them again: {lists}": (
        "списки, пришедшие после копии, пропали; загрузите их снова: {lists}"
    ),
    "lists were changed after the backup; look at them: {lists}": "списки менялись после копии; проверьте их: {lists}",
    "groups without offsets got those of the backup: {groups}": (
        "группы без позиций получили позиции из копии: {groups}"
    ),
    (
        "SECURE values that were sealed for hours first needed after the backup are gone; marks of Live Activities "
        "ended since, and of dead letters dealt with since, too"
    ): (
        "значения SECURE, зашифрованные для часов после копии, пропали, как и отметки о Live Activities, завершённых "
        "после неё, и об обработанных после неё отложенных записях"
    ),
    "{what}: {done} of {total}, {rate} a second, {left} s left": (
        "{what}: {done} из {total}, {rate} в секунду, осталось {left} с"
    ),
    "a newer release has written {what}: repair with that one": "{what}: записано более новой версией, чините ею",
    "{what}: a rebuild makes it again from the log": "{what}: перестройка создаст это заново по журналу",
    "{count} {count:record|records} at {rate} a second, into {database}": (
        "{count} {count:запись|записи|записей}, {rate} в секунду, в {database}"
    ),
    "{unreadable} nobody can read, {refused} no fold takes: they are among the dead letters": (
        "нечитаемых {unreadable}, непригодных {refused}: они среди отложенных записей"
    ),
    "carried over from before that: {what}": "перенесено из более раннего: {what}",
    "copied, for no log holds them or they were decided once: {what}": (
        "скопировано, так как в журнале их нет или они решены один раз: {what}"
    ),
    "{collection}: {equal} equal, {unlike} not": "{collection}: одинаковых {equal}, разных {unlike}",
    "start all services with MONGO_DATABASE={database}": "запустите все сервисы с MONGO_DATABASE={database}",
    "only in the rebuilt one": "только в построенной",
    "differs in {fields}: {key}": "отличается в {fields}: {key}",
    "{topic} is held since {at} UTC only: what is older could not be made from it": (
        "{topic} хранится только с {at} UTC: более старое по нему построить нельзя"
    ),
}
RULES = {
    "{name} is the database that the services use; the rebuilt one needs another name": (
        "{name} — рабочая база сервисов; для построенной нужно другое имя"
    ),
    "{name} is not empty ({names} …) and was not made by a rebuild: give another name": (
        "{name} не пуста ({names} …) и создана не перестройкой: укажите другое имя"
    ),
    "{name} is in use: it was {state}. Give another name": "{name} уже используется ({state}). Укажите другое имя",
    "the log does not reach back to this backup any more: {what}. --incomplete restores it as it is": (
        "журнал уже не достаёт до этой копии: {what}. Восстановить как есть: --incomplete"
    ),
    "this backup was made under another master key: give that one (RPNS_MASTER_KEY, or one of the old)": (
        "копия сделана под другим мастер-ключом: укажите его (RPNS_MASTER_KEY или один из прежних)"
    ),
    "{count} former master keys of this backup are not among RPNS_OLD_MASTER_KEYS": (
        "прежних мастер-ключей этой копии нет в RPNS_OLD_MASTER_KEYS: {count}"
    ),
    "this log is not the one of the backup: {topic} ended further on than it does now": (
        "журнал не тот, что у копии: {topic} кончался дальше, чем сейчас"
    ),
    "{name} is not empty ({names} …): --overwrite drops what is in it": (
        "{name} не пуста ({names} …): --overwrite удалит её содержимое"
    ),
    "{name} is a collection that this release does not know: restore with the release of the backup": (
        "коллекция {name} этой версии неизвестна: восстанавливайте версией копии"
    ),
    (
        "{name} holds no keys of recipients (recipient_keys): without them nothing personal in the log opens. "
        "Restore a backup: `rpns restore`"
    ): (
        "в {name} нет ключей получателей (recipient_keys): без них персональное в журнале не раскрыть. "
        "Восстановите копию: `rpns restore`"
    ),
    (
        "KAFKA_SASL_USERNAME: this login may not look at the groups {groups}, so nobody could say how far they are, "
        "nor whether services run. Take the operator's (docs/kafka-access.md)"
    ): (
        "KAFKA_SASL_USERNAME: этому логину не видны группы {groups}, и неизвестно, как далеко они и работают ли "
        "сервисы. Возьмите логин оператора (docs/kafka-access.md)"
    ),
    "services run: {groups} have members. Stop all of them first (SIGTERM)": (
        "сервисы работают: в группах {groups} есть участники. Сначала остановите все (SIGTERM)"
    ),
    "{folder}: another release has written this backup, in a form that this one does not know": (
        "{folder}: копия записана другой версией в форме, которой эта не знает"
    ),
    "{folder} holds no {manifest}: it is no backup, or one that was broken off": (
        "в {folder} нет {manifest}: это не копия или она оборвана"
    ),
    "{file} cannot be read: {why}": "не удалось прочитать {file}: {why}",
    "{folder} is not empty: each backup gets a folder of its own": "{folder} не пуста: каждой копии нужна своя папка",
    "{file} is not what was written: its hash differs": "{file} — не то, что было записано: хеш отличается",
    "a master key must be base64 of 32 bytes (RPNS_MASTER_KEY, RPNS_OLD_MASTER_KEYS)": (
        "мастер-ключ — 32 байта в base64 (RPNS_MASTER_KEY, RPNS_OLD_MASTER_KEYS)"
    ),
    (
        "the keys of recipients in the database were sealed under a master key that is neither RPNS_MASTER_KEY nor one "
        "of RPNS_OLD_MASTER_KEYS"
    ): "ключи получателей в базе зашифрованы мастер-ключом, который не RPNS_MASTER_KEY и не из RPNS_OLD_MASTER_KEYS",
}
