"""Operators, partners, senders, credentials."""

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
    "Accounts: who signs in to the console with a name and a password.": (
        "Учётные записи: кто входит в консоль по имени и паролю."
    ),
    "Make an account; its password for once is shown this once, and whoever signs in with it sets another.": (
        "Создать учётную запись; одноразовый пароль показывается один раз, войдя с ним, нужно задать свой."
    ),
    "All accounts, by name.": "Все учётные записи, по имени.",
    "Give an account other scopes than it has.": "Дать учётной записи другие права вместо прежних.",
    (
        "Another password for once; the one that there was ends, and whoever is signed in with it is signed out."
    ): "Новый одноразовый пароль; прежний перестаёт действовать, а вошедшие с ним выходят.",
    "Switch an account off; it is signed out within a second.": "Отключить учётную запись; за секунду она выходит.",
    "Delete an account for good; it is signed out, and its name may be given again.": (
        "Удалить учётную запись навсегда; её сеансы завершаются, имя можно дать снова."
    ),
    "Switch an account on again, with the password that it had.": "Снова включить учётную запись, с прежним паролем.",
    "name of the account, or its id": "имя учётной записи или её id",
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
    "iOS bundle, the default APNs topic": "bundle в iOS, он же topic APNs по умолчанию",
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
}
TEXTS = {
    "account {name} with {scopes} is there": "учётная запись {name} создана, права: {scopes}",
    "Nobody has an account.": "Учётных записей нет.",
    "account {name} has {scopes}": "учётная запись {name}: права теперь {scopes}",
    "account {name} has another password": "у учётной записи {name} новый пароль",
    "account {name} is off": "учётная запись {name} отключена",
    "account {name} is gone": "учётная запись {name} удалена",
    "account {name} is on": "учётная запись {name} включена",
    "there is no account {name}": "учётной записи {name} нет",
    "password for once": "одноразовый пароль",
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
    "application {application} is created": "приложение {application} создано",
    "API key": "ключ API",
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
}
