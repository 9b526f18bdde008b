"""Refusals of what operators do: provisioning, stops, dead letters, erasure, audit. English and Russian. Pure."""

TEXTS = {
    "must be 1 to 155 letters, digits and . _ -": "нужно от 1 до 155 латинских букв, цифр и знаков . _ -",
    "must be 1 to 64 letters, digits and . _ -": "нужно от 1 до 64 латинских букв, цифр и знаков . _ -",
    "must be 8 to 128 characters of ASCII without blanks": "нужно от 8 до 128 символов ASCII без пробелов",
    "must be digits and dots, as 2.14.1": "нужны цифры и точки, например 2.14.1",
    "must be 1 to 64 small letters, digits and . _ @ -, a letter or digit first": (
        "нужно от 1 до 64 строчных латинских букв, цифр и знаков . _ @ -, первой — буква или цифра"
    ),
    "must hold no colon": "не должно быть двоеточия",
    "must hold nothing invisible, and no blank at its ends": "не должно быть невидимых символов и пробелов по краям",
    "must be 1 to 64 characters without a slash or control characters": (
        "нужно от 1 до 64 символов без косой черты и управляющих символов"
    ),
    "must be 8 to 30 letters and digits": "нужно от 8 до 30 латинских букв и цифр",
    "must be 1 to 128 letters, digits and . _ ~ : -": "нужно от 1 до 128 латинских букв, цифр и знаков . _ ~ : -",
    "must be 10 capital letters and digits": "нужно 10 заглавных латинских букв и цифр",
    "must be 1 to 4096 characters of ASCII without blanks": "нужно от 1 до 4096 символов ASCII без пробелов",
    "must be an e-mail address": "нужен адрес электронной почты",
    "must be 22 to 128 letters, digits and _ -": "нужно от 22 до 128 латинских букв, цифр и знаков _ -",
    "must be 1 to 155 letters, digits and . -, a letter or digit first": (
        "нужно от 1 до 155 латинских букв, цифр и знаков . -, первой — буква или цифра"
    ),
    "must be https://host or https://host:port, exactly as a browser says it": (
        "нужно https://хост или https://хост:порт, точно как сообщает браузер"
    ),
    (
        "must be https://host or https://host:port, exactly as a browser says it: "
        "without a path, a slash at the end, or a login"
    ): (
        "нужно https://хост или https://хост:порт, точно как сообщает браузер: без пути, "
        "без косой черты в конце и без логина"
    ),
    (
        "must be https://host or https://host:port, exactly as a browser says it; http "
        "only of localhost, 127.0.0.1 and [::1]"
    ): (
        "нужно https://хост или https://хост:порт, точно как сообщает браузер; http — "
        "только для localhost, 127.0.0.1 и [::1]"
    ),
    "must be exact: name each origin, a wildcard would let in whoever gets a name there": (
        "нужно точное значение: назовите каждый источник, шаблон впустил бы всякого, кто получит там имя"
    ),
    "must have a host without a dot at its end": "хост не должен заканчиваться точкой",
    "must have a host name, or an IPv4 address as four numbers": "нужно имя хоста или адрес IPv4 из четырёх чисел",
    "API key is taken": "Ключ API занят",
    "Application exists": "Такое приложение уже есть",
    "Cancelled for good": "Отменено навсегда",
    "Changed meanwhile": "За это время изменено",
    "Content-Type must be application/x-ndjson": "нужен Content-Type: application/x-ndjson",
    "Invalid credentials": "Неверные учётные данные",
    "Login is taken": "Логин занят",
    "Name is taken": "Имя занято",
    "No such application": "Такого приложения нет",
    "No such credentials": "Таких учётных данных нет",
    "No such partner": "Такого партнёра нет",
    "Not stopped": "Не остановлено",
    "Of a newer release": "Записано более новой версией",
    "Others are changing": "Это сейчас изменяет кто-то другой",
    "Partner exists": "Такой партнёр уже есть",
    "Too many lines: at most {limit}": "Слишком много строк: не более {limit}",
    "Account is switched off": "Учётная запись отключена",
    "no password opens it: switch it on first": "войти нельзя ни с каким паролем: сначала включите её",
    "Your own account": "Это ваша собственная учётная запись",
    "change its password with the one that you have": "смените её пароль, указав нынешний",
    "The last admin": "Последний администратор",
    "no other admin's account works: invite one, and sign in to it first": (
        "других действующих учётных записей администраторов нет: сначала пригласите администратора, и пусть он войдёт"
    ),
    "Too many accounts": "Слишком много учётных записей",
    "Unknown account": "Неизвестная учётная запись",
    "must have no account": "у этого имени уже есть учётная запись",
    "there are {limit}": "их уже {limit}",
    "the account has another password now, or is switched off": "у учётной записи уже другой пароль, или она отключена",
    "Too many operators": "Слишком много операторов",
    "Too many stops": "Слишком много остановок",
    "Unknown application": "Неизвестное приложение",
    "Unknown installation": "Неизвестная установка",
    "Unknown mailing": "Неизвестная рассылка",
    "Unknown operator": "Неизвестный оператор",
    "Unknown packet": "Неизвестный пакет",
    "Unknown partner": "Неизвестный партнёр",
    "Unknown {scope}": "Не найдено: {scope}",
    "Unsupported content type": "Неподдерживаемый тип содержимого",
    "a partner has at most {limit} packets and mailings that are stopped: let some go on": (
        "у партнёра не более {limit} остановленных пакетов и рассылок: возобновите часть из них"
    ),
    "a partner may stop its own packets and mailings": "партнёр может останавливать свои пакеты и рассылки",
    "a {scope} can only be paused": "{scope}: можно только приостановить",
    "application-events could not be read in time": "application-events не удалось прочитать вовремя",
    "at most {limit} tokens work at the same time": "одновременно действует не более {limit} токенов",
    "callback_user and callback_secret go together": "callback_user и callback_secret указываются вместе",
    "each id must be unique": "каждый id должен быть уникальным",
    "give either phone or user": "укажите либо phone, либо user",
    "must be a P-256 key": "нужен ключ P-256",
    "must be a P-256 key: this number is out of its range": "нужен ключ P-256: это число вне его диапазона",
    "must be a network, for instance 192.0.2.0/24": "нужна подсеть, например 192.0.2.0/24",
    "must be a packetId, a number": "нужен packetId, число",
    "must be a private key in PEM, without a password": "нужен закрытый ключ в PEM, без пароля",
    "must be an RSA key": "нужен ключ RSA",
    "must be mailto: with a mailbox, without angle brackets, or an https: address; its domain must be one of the "
    "internet, as in mailto:push@bank.example": (
        "нужен mailto: с почтовым ящиком без угловых скобок или адрес https:; домен должен быть из интернета, "
        "например mailto:push@bank.example"
    ),
    "must be new": "должно быть новым",
    "must be no other partner's": "уже занято другим партнёром",
    "must exist": "должно существовать",
    "must have at least {least} characters, {different} of them different": (
        "не менее {least} {least:символа|символов|символов}, из них {different} разных"
    ),
    "must have at least {least} different characters": "не менее {least} разных символов",
    "must have at least {least} characters, not counting invisible ones": (
        "не менее {least} символов, не считая невидимых"
    ),
    "must have no token that works": "у этого имени уже есть действующий токен",
    "must not be after to, nor {days} days and more before it": (
        "не должно быть позже to и раньше него на {days} {days:день|дня|дней} и больше"
    ),
    "must not be the login": "не должно совпадать с логином",
    "no application has this id": "приложения с таким id нет",
    "no message of the partner has this packetId (yet), as with {limit} packets stopped before": (
        "сообщений партнёра с этим packetId (пока) нет, как и у {limit} остановленных раньше пакетов"
    ),
    "no partner has this id": "партнёра с таким id нет",
    "no token has this id": "токена с таким id нет",
    "none of the partner's mailings has this id": "у партнёра нет рассылки с таким id",
    "read it again, and change what you then see": "прочитайте заново и измените то, что увидите",
    "the id of a {scope} is <partner>/<id> here": "{scope}: id здесь — <партнёр>/<id>",
    "this one does not understand it, and must not change it": "эта версия её не понимает и не должна изменять",
    "this {scope} was cancelled": "{scope}: отменено",
    "this {scope} was never paused": "{scope}: не приостанавливалось",
    "try again": "повторите",
}

REPAIRS = {
    "Cut": "Обрезано",
    "Done already": "Уже сделано",
    "Empty": "Пусто",
    "Key is no text": "Ключ — не текст",
    "No such dead letter": "Такой отложенной записи нет",
    "No such erasure": "Такого удаления нет",
    "Too large": "Слишком велико",
    "Too many at once": "Слишком много сразу",
    "is logged in together with more than {limit} others: ask for each, with only": (
        "вместе с ним вошло более {limit} других: удаляйте каждого отдельно, с only"
    ),
    "it holds nothing that could be sent": "в ней нечего отправлять",
    "it is {state}, by {by}": "состояние: {state}, кем: {by}",
    "must be a record of {topic}: {fault}": "нужна запись {topic}: {fault}",
    "must have dead letters": "у этого топика отложенных записей не бывает",
    "no erasure has this id": "удаления с таким id нет",
    "no record may be that large: it cannot be sent again": (
        "записей такого размера не бывает: отправить повторно нельзя"
    ),
    "no topic has a dead letter at this place, or not any more": (
        "на этом месте отложенной записи нет или уже нет ни в одном топике"
    ),
    "nothing of ours has such a key: it cannot be sent again": (
        "у записей платформы таких ключей нет: отправить повторно нельзя"
    ),
    "only the beginning of {size} bytes is kept: send it from its source": (
        "сохранено только начало из {size} {size:байта|байтов|байтов}: отправьте из источника"
    ),
    "phone or externalUserId must be given": "нужно указать phone или externalUserId",
}
