"""Applications, keys for proofs of login, broadcast channels."""

HELP = {
    "Applications: where pushes go to.": "Приложения: куда идут push-уведомления.",
    "Create an application; its API key is drawn, or read from --secret-file. Logins are proved unless said.": (
        "Создать приложение; ключ API случайный или из --secret-file. Входы подтверждаются, если не указано иное."
    ),
    "for people": "название для людей",
    "default: drawn": "по умолчанию — случайный",
    "older ones get nothing": "более старым версиям ничего не отправляется",
    "native or universal": "native или universal",
    "pushes per second to each provider": "push-уведомлений в секунду к каждому провайдеру",
    "required, accepted or off: whether a login on a device needs a proof": (
        "required, accepted или off: нужно ли подтверждать вход на устройстве"
    ),
    "origin whose pages may use the device API: https://host[:port]; repeat it": (
        "источник, чьи страницы могут вызывать API устройств: https://хост[:порт]; можно повторять"
    ),
    "All applications.": "Все приложения.",
    "One application, and whether logins on its devices are proved.": (
        "Одно приложение и подтверждаются ли входы на его устройствах."
    ),
    "bundle, min-version or allowed-origin: have none": "bundle, min-version или allowed-origin: убрать значение",
    "A new API key. The one before goes on working until `end-old-keys`, or the next rotation.": (
        "Новый ключ API. Прежний действует до `end-old-keys` или следующей замены."
    ),
    "the key before ends at once": "прежний ключ перестаёт действовать сразу",
    "Only the newest API key goes on working.": "Оставить действующим только новый ключ API.",
    "Send it nothing, and refuse its devices.": "Ничего не отправлять и отклонять его устройства.",
    "Send to it again.": "Снова отправлять.",
    "Proofs of login: who may say who is logged in on a device.": (
        "Подтверждения входа: кто вправе сообщать, кто вошёл на устройстве."
    ),
    "Take proofs that are signed with the private half of this key.": (
        "Принимать подтверждения, подписанные закрытой частью этого ключа."
    ),
    "public key in PEM, or a JWKS (- is standard input)": "открытый ключ в PEM или JWKS (- — стандартный ввод)",
    "name of the key, as proofs give it; needed from the second key on": (
        "имя ключа, как в подтверждениях; нужно начиная со второго ключа"
    ),
    "Take proofs that are signed with a secret (HS256); it is drawn, or read from --secret-file.": (
        "Принимать подтверждения, подписанные секретом (HS256); он случайный или из --secret-file."
    ),
    "Take no more proofs of a key. Logins that it has proved stay so, unless they are revoked.": (
        "Больше не принимать подтверждения этого ключа. Подтверждённые им входы остаются, пока их не отозвать."
    ),
    "which; without one, the key that has none": "какой; без имени — ключ, у которого имени нет",
    "End the proofs of a user's logins: their devices count as unproved until the next login.": (
        "Отозвать подтверждения входов пользователя: до следующего входа его устройства считаются неподтверждёнными."
    ),
    "logged in with this phone": "вошёл с этим номером",
    "logged in as this user": "вошёл как этот пользователь",
    "only in this application; default: all": "только в этом приложении; по умолчанию — во всех",
    "Broadcast channels of an application at APNs.": "Широковещательные каналы приложения в APNs.",
    "Ask for a channel, and wait until Apple has made it; the same again is the same channel.": (
        "Запросить канал и дождаться, пока Apple его создаст; повтор даёт тот же канал."
    ),
    "your own name of the channel": "своё имя канала",
    "in APNs' development environment": "в тестовой среде APNs",
    "APNs keeps the newest message for who comes later": "APNs хранит последнее сообщение для тех, кто придёт позже",
    "All channels that were ever asked for.": "Все когда-либо запрошенные каналы.",
    "Delete a channel; its followers get nothing more.": "Удалить канал; подписчики больше ничего не получат.",
}
TEXTS = {
    "keys": "ключи",
    "logins proved": "подтверждение входа",
    "bundle": "bundle",
    "from version": "с версии",
    "kid": "kid",
    "algorithm": "алгоритм",
    "added, UTC": "добавлен, UTC",
    "There are no applications.": "Приложений нет.",
    "There are no keys for proofs of login.": "Ключей для подтверждений входа нет.",
    "pages may call from": "страницы могут обращаться с",
    "No page of another address may call.": "Страницам других адресов обращаться нельзя.",
    "application {application} is changed": "приложение {application} изменено",
    "application {application} has a new API key; {keys} {keys:key works|keys work}": (
        "приложению {application} выдан новый ключ API; {keys:действует|действуют|действуют} {keys} "
        "{keys:ключ|ключа|ключей}"
    ),
    "application {application}: {keys} {keys:key works|keys work}": (
        "приложение {application}: {keys:действует|действуют|действуют} {keys} {keys:ключ|ключа|ключей}"
    ),
    "application {application} is enabled": "приложение {application} включено",
    "application {application} is disabled": "приложение {application} отключено",
    "Logins are not proved: whoever has the app can log in as anybody, and is believed.": (
        "Входы не подтверждаются: любой, у кого есть приложение, может войти под чужим именем, и ему поверят."
    ),
    "Logins without proof are taken; such devices see no history, and end no cascade.": (
        "Входы без подтверждения принимаются; такие устройства не видят историю и не завершают каскад."
    ),
    "Every login is proved.": "Каждый вход подтверждается.",
    "Nobody can log in: add a key (rpns identity add-key).": (
        "Войти никто не может: добавьте ключ (rpns identity add-key)."
    ),
    "{file} holds a private key, which must never leave the backend: give its public half": (
        "{file}: это закрытый ключ, который не должен покидать сервер: укажите его открытую часть"
    ),
    "application {application} has {count} {count:key|keys} for proofs of login": (
        "у приложения {application} {count} {count:ключ|ключа|ключей} для подтверждений входа"
    ),
    "secret": "секрет",
    "{count} {count:installation|installations} not proved any more": (
        "больше не {count:подтверждена|подтверждены|подтверждены}: {count} {count:установка|установки|установок}"
    ),
    "{file} is neither PEM nor JSON": "{file}: это ни PEM, ни JSON",
    "channel id": "id канала",
    "environment": "среда",
    "keeps latest": "хранит последнее",
    "Apple says": "ответ Apple",
    "Apple refused channel {channel}: {why}": "Apple отклонила канал {channel}: {why}",
    "channel {channel} is open, with the id {id}": "канал {channel} открыт, id {id}",
    "channel {channel} is {state}, and tried again; `list` tells": (
        "канал {channel}: {state}, попытки продолжаются; состояние покажет `list`"
    ),
    "Application {application} has no broadcast channels.": "У приложения {application} нет широковещательных каналов.",
    "Apple did not delete channel {channel}: {why}": "Apple не удалила канал {channel}: {why}",
    "channel {channel} is {state}": "канал {channel}: {state}",
}
