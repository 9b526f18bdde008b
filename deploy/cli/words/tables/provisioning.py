"""Operators, partners, applications, keys for proofs of login, senders, credentials, broadcast channels."""

HELP = {
    "Operators: who operates the platform, each with a token of their own.": (
        "Операторы: кто управляет платформой, у каждого свой токен."
    ),
    "Make a token; it is shown this once.": "Создать токен; он показывается один раз.",
    "small letters, digits and . _ @ -": "строчные латинские буквы, цифры и . _ @ -",
    "read, support, operator, admin; repeat for more": "read, support, operator, admin; для нескольких повторите",
    "days that it works; default: without end": "сколько дней действует; по умолчанию — бессрочно",
    "All tokens that were ever made, the oldest first.": "Все когда-либо созданные токены, старые — первыми.",
    "End a token for good, within a second.": "Навсегда отозвать токен, за секунду.",
    "name of the operator, or the token's id": "имя оператора или id токена",
    "Partners: who may send.": "Партнёры: кто может отправлять.",
    "Create a partner; its password is drawn, or read from --secret-file. With --sender it can send at once.": (
        "Создать партнёра; пароль случайный или из --secret-file. С --sender партнёр сразу может отправлять."
    ),
    "what it logs in with": "логин для входа",
    "default: the login": "по умолчанию — логин",
    "where delivery reports go": "адрес для отчётов о доставке",
    "CIDR it may call from; repeat for more": "сеть (CIDR), из которой можно обращаться; для нескольких повторите",
    "lifetime in seconds of pushes that name none": "срок жизни push-уведомлений, где он не указан, в секундах",
    "a repeated id": "повторный id сообщения",
    "requests per second": "запросов в секунду",
    "requests at the same time": "одновременных запросов",
    "a service number of its own, which it sends from": "сервисный номер, от имени которого он отправляет",
    "of --sender: where its pushes go": "для --sender: приложение, куда идут push-уведомления",
    "All partners.": "Все партнёры.",
    "Change what is named; the rest stays.": "Изменить указанное; остальное остаётся.",
    "service number of requests that name none": "сервисный номер для запросов, где он не указан",
    "report-url or default-sender: have none": "report-url или default-sender: убрать значение",
    (
        "A new secret. The old password ends at once; keys work until the next one, a report key until "
        "end-old-report-key.\n\nUntil then webhook-signature is made with both report keys, X-RPNS-Signature with the "
        "one before."
    ): (
        "Новый секрет. Прежний пароль перестаёт действовать сразу; ключи действуют до следующей замены, ключ отчётов — "
        "до end-old-report-key.\n\nДо этого webhook-signature подписывается обоими ключами отчётов, X-RPNS-Signature — "
        "прежним."
    ),
    "which secret": "какой секрет",
    "Sign the partner's reports with its newest report key alone, once the partner knows that one.": (
        "Подписывать отчёты партнёра только новым ключом, когда партнёр его уже знает."
    ),
    "Refuse what the partner sends.": "Отклонять запросы партнёра.",
    "Let the partner send again.": "Снова разрешить партнёру отправлять.",
    "Applications: where pushes go to.": "Приложения: куда идут push-уведомления.",
    "Create an application; its API key is drawn, or read from --secret-file. Logins are proved unless said.": (
        "Создать приложение; ключ API случайный или из --secret-file. Входы подтверждаются, если не указано иное."
    ),
    "for people": "название для людей",
    "default: drawn": "по умолчанию — случайный",
    "iOS bundle, the default APNs topic": "bundle в iOS, он же topic APNs по умолчанию",
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
    "Senders: the service numbers of a partner.": "Отправители: сервисные номера партнёра.",
    "Create a service number.": "Создать сервисный номер.",
    "the service number": "сервисный номер",
    "where its pushes go; none: no pushes": "приложение, куда идут push-уведомления; без него их нет",
    "change the one that is there": "изменить существующий",
    "The senders of a partner, or of all.": "Отправители партнёра или всех.",
    "default: of all partners": "по умолчанию — всех партнёров",
    "Refuse what is sent from it.": "Отклонять отправку от его имени.",
    "Take what is sent from it again.": "Снова принимать отправку от его имени.",
    "Credentials of an application with the providers.": "Учётные данные приложения у провайдеров.",
    "Give an application its credentials with a provider.": "Задать приложению учётные данные у провайдера.",
    "with whom; channel is the platform for all but pushes": (
        "у кого; channel — платформа для всех каналов, кроме push"
    ),
    (
        "JSON as the provider's console gives it out, - is standard input. apns: team_id, key_id, private_key, "
        "optional topic; fcm: type, project_id, private_key_id, private_key, client_email, token_uri; hms: app_id, "
        "client_secret, optional project_id, optional callback_user, optional callback_secret; rustore: project_id, "
        "service_token, optional universal; web: subject, private_key; channel: login, password, url, callback, "
        "subnets (`web-key` makes them)"
    ): (
        "JSON из консоли провайдера, - — стандартный ввод. apns: team_id, key_id, private_key, можно topic; fcm: type, "
        "project_id, private_key_id, private_key, client_email, token_uri; hms: app_id, client_secret, можно "
        "project_id, callback_user, callback_secret; rustore: project_id, service_token, можно universal; web: "
        "subject, private_key (создаёт `web-key`); channel: login, password, url, callback, subnets"
    ),
    "Replace the credentials; the next push uses the new ones.": (
        "Заменить учётные данные; следующее push-уведомление уйдёт с новыми."
    ),
    "Print a key for Web Push, as `create … web` takes it. Keep it: browsers subscribe with it.": (
        "Вывести ключ для Web Push в виде для `create … web`. Сохраните его: с ним подписываются браузеры."
    ),
    "whom push services may ask: mailto:… or https:…": "к кому обращаться push-сервисам: mailto:… или https:…",
    "file with a key of yours: PEM, .p8 or 32 bytes in base64url; - is standard input. Default: a new one": (
        "файл со своим ключом: PEM, .p8 или 32 байта в base64url; - — стандартный ввод. По умолчанию — новый"
    ),
    "Which credentials there are; fingerprints only.": "Какие есть учётные данные; только отпечатки.",
    "default: of all applications": "по умолчанию — всех приложений",
    "Send nothing through this provider.": "Ничего не отправлять через этого провайдера.",
    "Send through this provider again.": "Снова отправлять через этого провайдера.",
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
    "--scope {scope}: there are {choice}": "--scope {scope}: допустимо {choice}",
    "operator {name} has a token with {scopes}": "оператору {name} создан токен с правами: {scopes}",
    "token": "токен",
    "There are no named operators.": "Именованных операторов нет.",
    "there is no operator {name}": "оператора {name} нет",
    "operator {name} has no token any more": "у оператора {name} больше нет токенов",
    "name": "имя",
    "scopes": "права",
    "expires, UTC": "действует до, UTC",
    "changed, UTC": "изменено, UTC",
    "partner": "партнёр",
    "login": "логин",
    "enabled": "включено",
    "default sender": "отправитель по умолчанию",
    "reports to": "отчёты на",
    "per s": "в секунду",
    "subnets": "сети",
    "--application says where the pushes of a --sender go: give that too": (
        "--application указывает, куда идут push-уведомления отправителя: укажите и --sender"
    ),
    "partner {partner} is created, login {login}": "партнёр {partner} создан, логин {login}",
    "partner {partner} is created, but not its sender: {why}": (
        "партнёр {partner} создан, но его отправитель — нет: {why}"
    ),
    "its password, shown this once, is {password}": "его пароль, который показывается один раз: {password}",
    "There are no partners.": "Партнёров нет.",
    "partner {partner} is changed": "партнёр {partner} изменён",
    "only a password can be given; keys are drawn": "задать можно только пароль; ключи создаёт платформа",
    "partner {partner} has a new secret: {what}": "партнёру {partner} выдан новый секрет: {what}",
    "the reports of {partner} are signed with its newest key alone": (
        "отчёты {partner} подписываются только новым ключом"
    ),
    "partner {partner} is enabled": "партнёр {partner} включён",
    "partner {partner} is disabled": "партнёр {partner} отключён",
    "password": "пароль",
    "webhook secret": "секрет вебхука",
    "application": "приложение",
    "keys": "ключи",
    "logins proved": "подтверждение входа",
    "bundle": "bundle",
    "from version": "с версии",
    "kid": "kid",
    "algorithm": "алгоритм",
    "added, UTC": "добавлен, UTC",
    "application {application} is created": "приложение {application} создано",
    "API key": "ключ API",
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
    "sender": "отправитель",
    "sender {sender} of {partner} exists; --replace changes it": (
        "отправитель {sender} партнёра {partner} уже есть; изменить: --replace"
    ),
    "sender {sender} of {partner} stands for application {application}": (
        "отправитель {sender} партнёра {partner} указывает на приложение {application}"
    ),
    "sender {sender} of {partner} stands for no application": (
        "отправитель {sender} партнёра {partner} не указывает ни на одно приложение"
    ),
    "There are no senders.": "Отправителей нет.",
    "partner {partner} has no sender {sender}": "у партнёра {partner} нет отправителя {sender}",
    "sender {sender} of {partner} is enabled": "отправитель {sender} партнёра {partner} включён",
    "sender {sender} of {partner} is disabled": "отправитель {sender} партнёра {partner} отключён",
    "provider": "провайдер",
    "fingerprint": "отпечаток",
    "application {application} has credentials with {provider}; `rotate` replaces them": (
        "у приложения {application} уже есть учётные данные {provider}; заменить: `rotate`"
    ),
    "application {application} has no credentials with {provider}; `create` gives it some": (
        "у приложения {application} нет учётных данных {provider}; задать: `create`"
    ),
    "credentials of {application} with {provider}, fingerprint {fingerprint}": (
        "учётные данные {application} у {provider}, отпечаток {fingerprint}"
    ),
    "the subject {rule}": "адрес для обращений: {rule}",
    "There are no credentials.": "Учётных данных нет.",
    "credentials of {application} with {provider} are enabled": "учётные данные {application} у {provider} включены",
    "credentials of {application} with {provider} are disabled": "учётные данные {application} у {provider} отключены",
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
