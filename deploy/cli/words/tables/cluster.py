"""The cluster as a whole: who works, topics, the form of stored documents, dead letters."""

HELP = {
    "Show who works, what waits and what is wrong. Exit code 0: all is well; 4: something is wrong.": (
        "Показать, кто работает, что ждёт и что не в порядке. Код завершения 0: всё в порядке; 4: что-то не так."
    ),
    "Topics: what exists against what this release and these settings want.": (
        "Топики: что есть и что нужно этой версии и этим настройкам."
    ),
    "Show what `apply` would do, and what it would not do, and why. Exit code 0: nothing; 4: something.": (
        "Показать, что сделает `apply`, чего не сделает и почему. Код завершения 0: ничего; 4: что-то есть."
    ),
    "also add partitions to topics in use, where nothing waits and nobody reads": (
        "добавить партиции и используемым топикам, где ничего не ждёт и никто не читает"
    ),
    "Whether the services can start and lose nothing. Exit code 0: yes; 4: something is missing or weaker.": (
        "Могут ли сервисы запуститься и ничего не потерять. Код завершения 0: да; 4: чего-то нет или что-то слабее."
    ),
    "Make what is missing and safe. Exit code 0: all is as wanted; 4: something is left, as shown.": (
        "Создать недостающее, если это безопасно. Код завершения 0: всё как нужно; 4: что-то осталось, показано что."
    ),
    "The form of stored documents: what there is against what is wanted.": (
        "Форма хранимых документов: какая есть и какая нужна."
    ),
    "Show the steps, those that were taken and those that are missing. Exit code 0: none is missing; 4: some are.": (
        "Показать шаги, сделанные и недостающие. Код завершения 0: недостающих нет; 4: есть."
    ),
    "Take the steps that are missing; killed, it goes on where it was. A newer release's database is refused.": (
        "Сделать недостающие шаги; после обрыва продолжает с места. База более новой версии не принимается."
    ),
    "Dead letters: records that were put aside.": "Отложенные записи: то, что не удалось обработать.",
    "List them, the newest first; nothing of their content.": "Перечислить, новые — первыми; без содержимого.",
    "only this topic's, as message-requested": "только этого топика, например message-requested",
    "only those whose reason holds this": "только те, в причине которых есть этот текст",
    "open, done, all": "open, done, all",
    "of each topic": "из каждого топика",
    "Show one: where it comes from, why it was put aside, and with --content the record itself.": (
        "Показать одну: откуда она, почему отложена, а с --content и саму запись."
    ),
    "as the list has it: <topic>/<partition>/<offset>": "как в списке: <топик>/<партиция>/<смещение>",
    "the record too; it may hold what is personal (scope support)": (
        "и саму запись; в ней могут быть персональные данные (право support)"
    ),
    "Send records to their topics again, under their keys, each once. What was done of one is not done twice.": (
        "Ещё раз отправить записи в их топики под их ключами, каждую один раз. Что уже сделано, не повторяется."
    ),
    "<topic>/<partition>/<offset> …": "<топик>/<партиция>/<смещение> …",
    "all open ones of this topic instead": "вместо этого все необработанные этого топика",
    "the mended record, for one letter (- is standard input)": "исправленная запись, для одной (- — стандартный ввод)",
    "Note that nothing is to be done about records; they stay where they are until their time is over.": (
        "Отметить, что с записями ничего делать не нужно; они остаются на месте до конца срока хранения."
    ),
}
TEXTS = {
    "{service} {instance} was last heard of {at}": "{service} {instance}: последний раз был на связи {at}",
    "{server} does not answer the registry: what waits and who reads it is not known": (
        "{server} не отвечает registry: что ждёт и кто читает, неизвестно"
    ),
    "{server} does not answer the registry: which processes run and what was put aside is not known": (
        "{server} не отвечает registry: какие процессы работают и что отложено, неизвестно"
    ),
    "services work, and Kafka tells of no consumer group: it may be coming back; ask again": (
        "сервисы работают, а Kafka не называет ни одной группы: возможно, она восстанавливается; запросите ещё раз"
    ),
    "nobody in {group} reads {unheld} of {partitions} partitions of {topic}; {waiting} records wait": (
        "в {group} никто не читает {unheld} из {partitions} партиций {topic}; записей ждёт: {waiting}"
    ),
    "{sign} = {value} at {service} {instance}": "{sign} = {value} у {service} {instance}",
    "{count} {count:dead letter|dead letters} of {topic}: `rpns dead-letters list`": (
        "{count} {count:отложенная запись|отложенные записи|отложенных записей} из {topic}: `rpns dead-letters list`"
    ),
    "{sender} is {state} since {since}: {answer}": "{sender}: {state} с {since}: {answer}",
    "{application} over {way}": "{application} через {way}",
    "instance": "экземпляр",
    "version": "версия",
    "lanes": "полосы",
    "host": "узел",
    "silent": "не отвечает",
    "works": "работает",
    "no process has told of itself": "ни один процесс не дал о себе знать",
    "there are no consumer groups": "групп читателей нет",
    "nothing is wrong": "всё в порядке",
    "{seconds} s": "{seconds} с",
    "nobody": "никто",
    "group": "группа",
    "waiting": "ждёт",
    "oldest": "самое старое",
    "held by (partitions)": "читает (партиции)",
    "the audit trail does not know of it: {why}": "в журнал аудита это не попало: {why}",
    "Kafka at {address} gave no answer in time": "Kafka по адресу {address} не ответила вовремя",
    "Kafka at {address}: {error}": "Kafka по адресу {address}: {error}",
    "apply makes it": "создаст apply",
    "all topics are as wanted": "все топики такие, как нужно",
    "difference": "различие",
    "what is done": "что будет",
    "No release before this one can work on the database afterwards. Go on?": (
        "После этого более ранние версии не смогут работать с базой. Продолжить?"
    ),
    "this release wants no steps": "этой версии шаги не нужны",
    "not needed: nothing is stored yet": "не нужен: ничего ещё не хранится",
    "missing": "нет",
    "there from the beginning": "есть с самого начала",
    "taken {at} by {release}": "сделан {at}, версия {release}",
    "form": "форма",
    "step": "шаг",
    "what it changes": "что меняет",
    "documents": "документы",
    "no dead letters ({state})": "отложенных записей нет ({state})",
    "letter": "запись",
    "put aside, UTC": "отложена, UTC",
    "event": "событие",
    "bytes": "байты",
    "why": "почему",
    "its place there": "место в нём",
    "cut": "обрезана",
    "failure held back": "задержанный отказ",
    "--file goes with one letter": "--file — только для одной записи",
    "Send {count} {count:record|records} again?": "Ещё раз отправить {count} {count:запись|записи|записей}?",
    "Discard {count} {count:record|records}?": "Отметить как ненужные: {count} {count:запись|записи|записей}?",
    "name letters, or a --topic": "укажите записи или --topic",
    "no open dead letters": "необработанных отложенных записей нет",
    "{letter} is sent again; its message was to fail, and is not": (
        "{letter}: отправлена ещё раз; её сообщение должно было завершиться отказом, и этого не будет"
    ),
    "{letter} is sent again": "{letter}: отправлена ещё раз",
    "{letter} is {state}": "{letter}: {state}",
    "{letter} is no dead letter: it must be <topic>/<partition>/<offset>, as the list has it": (
        "{letter} — не отложенная запись: нужно <топик>/<партиция>/<смещение>, как в списке"
    ),
}
RULES = {
    "{partitions} partitions, {replicas} replicas": "партиций {partitions}, реплик {replicas}",
    "{count} replicas instead of {wanted}": "реплик {count} вместо {wanted}",
    "{count} partitions instead of {wanted}": "партиций {count} вместо {wanted}",
    "only the broker's own kafka-reassign-partitions can add replicas": (
        "добавить реплики может только kafka-reassign-partitions самого брокера"
    ),
    "no topic can shrink: it stays, and works": "уменьшить топик нельзя: остаётся и работает",
    "keys would move away from their old records for good: make a new cluster's worth, or leave it": (
        "ключи навсегда ушли бы от своих прежних записей: создайте новый набор топиков или оставьте как есть"
    ),
    "keys would move under {count} running readers: end all services first": (
        "ключи переместились бы при работающих читателях ({count}): сначала остановите все сервисы"
    ),
    "keys would move away from {count} records that wait: let the services read them first": (
        "ключи ушли бы от ждущих записей ({count}): сначала дайте сервисам их прочитать"
    ),
    "keys move to other partitions: nothing waits and nobody reads, so it may be done by --grow": (
        "ключи переместятся в другие партиции: ничего не ждёт и никто не читает, поэтому можно с --grow"
    ),
    "{name} is {value}, wanted {wanted}": "{name}: {value}, нужно {wanted}",
    "it keeps more than is wanted: lowering it deletes": "хранит больше, чем нужно: уменьшение удалит данные",
    "timers name their lane, and their tags in a list": "таймеры называют свою полосу, а метки хранят списком",
    "the database is of a newer release: it needs one that knows form {form}, and this one knows {known}": (
        "база более новой версии: нужна версия, знающая форму {form}, а эта знает {known}"
    ),
    "the database lacks the steps {names}: `rpns database apply` takes them": (
        "в базе не сделаны шаги {names}: их сделает `rpns database apply`"
    ),
}
