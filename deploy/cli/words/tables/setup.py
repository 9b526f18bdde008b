"""`rpns setup`: the first push of a new partner, in one go."""

HELP = {
    (
        "Set up a partner's first push: application, credentials, partner, sender, default sender. Safe to repeat.\n\n"
        "What is there already stays as it is. Prints the first push as a curl line; exit codes of --send as of "
        "test-push."
    ): (
        "Подготовить первое push-уведомление партнёра: приложение, учётные данные, партнёр, отправитель и отправитель "
        "по умолчанию. Можно повторять.\n\nЧто уже есть, остаётся как есть. Выводит первый запрос строкой curl; коды "
        "завершения с --send — как у test-push."
    ),
    "login and id of the partner": "логин и id партнёра",
    "with whom": "у какого провайдера",
    "JSON as the provider's console gives it out, - is standard input; sandbox: the local sandbox's": (
        "JSON из консоли провайдера, - — стандартный ввод; sandbox — данные локальной песочницы"
    ),
    "service number, and the partner's default": "сервисный номер, он же отправитель по умолчанию",
    "of the application, for people; default: its id": "название приложения для людей; по умолчанию его id",
    "the partner's password is in this file; default: drawn": (
        "пароль партнёра — в этом файле; по умолчанию создаётся случайный"
    ),
    "to whom the first push goes": "кому отправить первое push-уведомление",
    "send the first push to --phone, and follow it to the provider": (
        "отправить первое push-уведомление на --phone и проследить за ним до провайдера"
    ),
    "Login of the partner": "Логин партнёра",
    "Id of the application": "Id приложения",
    "Push provider": "Push-провайдер",
    "File with its credentials, or sandbox": "Файл с учётными данными или sandbox",
    "Service number to send from": "Сервисный номер отправителя",
}
TEXTS = {
    "--send needs a --phone": "с --send нужен --phone",
    "--send shows a trace for people: leave out --json": "--send показывает трассировку для людей: уберите --json",
    "Password": "Пароль",
    "the password of {login} is not known: give --secret-file": "пароль {login} неизвестен: укажите --secret-file",
    "the sandbox's credentials are those of a local stack: `make up` starts it": (
        "учётные данные песочницы есть только у локального стенда: его запускает `make up`"
    ),
    "APNs needs the app's bundle: give --bundle, or credentials that name a topic": (
        "для APNs нужен bundle приложения: укажите --bundle или учётные данные с topic"
    ),
    "application {application} was there before": "приложение {application} уже было",
    "credentials of {application} with {provider} were there before": (
        "учётные данные {application} у {provider} уже были"
    ),
    "{application} has no credentials with {provider}: give --credentials": (
        "у {application} нет учётных данных {provider}: укажите --credentials"
    ),
    "partner {partner} was there before, login {login}": "партнёр {partner} уже был, логин {login}",
    "sender {sender} of {partner} stands for {other}; `rpns senders create --replace` changes it": (
        "отправитель {sender} партнёра {partner} указывает на {other}; изменить: `rpns senders create --replace`"
    ),
    "sender {sender} of {partner} was there before": "отправитель {sender} партнёра {partner} уже был",
    "{sender} was the default sender of {partner} before": "{sender} уже был отправителем {partner} по умолчанию",
    "{sender} stays the default sender of {partner}; `rpns partners change --default-sender` changes it": (
        "отправителем {partner} по умолчанию остаётся {sender}; изменить: `rpns partners change --default-sender`"
    ),
    "{sender} is the default sender of {partner}": "{sender} — отправитель {partner} по умолчанию",
}
