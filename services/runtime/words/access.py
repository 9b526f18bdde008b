"""Refusals of who asks, and how often: logins, tokens, keys, addresses, limits. English and Russian. Pure."""

TEXTS = {
    "Needs the password": "Нужен пароль",
    "Not from another site": "Не с другого сайта",
    "Another password is needed": "Нужен другой пароль",
    "No session": "Нет сеанса",
    "Not in the account's scopes": "Не входит в права учётной записи",
    "Session has ended": "Сеанс завершён",
    "The password has expired": "Срок действия пароля истёк",
    "Too many wrong passwords": "Слишком много неверных паролей",
    "Unknown name or wrong password": "Неизвестное имя или неверный пароль",
    "Wrong password": "Неверный пароль",
    "a session is good for requests of the console's own page alone, which have the header X-RPNS-Console": (
        "сеанс действует только для запросов со страницы самой консоли: у них есть заголовок X-RPNS-Console"
    ),
    "a token has no session, and no password": "у токена нет ни сеанса, ни пароля",
    "an admin has to give another one": "новый пароль выдаёт администратор",
    "must be another name: the audit trail uses this one for itself": (
        "нужно другое имя: это журнал аудита использует для себя"
    ),
    "must be another one": "пароль должен отличаться от прежнего",
    "must be the one that you have now": "укажите свой нынешний пароль",
    "needs the scope {right}; this account has {rights}": "нужно право {right}; у этой учётной записи: {rights}",
    "only the console's own page signs in, with the header X-RPNS-Console": (
        "входить можно только со страницы самой консоли, с заголовком X-RPNS-Console"
    ),
    "try again later": "повторите позже",
    "sign in again": "войдите снова",
    "this one was for once": "этот пароль одноразовый",
    "No such login": "Такого входа нет",
    "Of the company's login": "Учётная запись входа компании",
    "RPNS_OIDC_ISSUER names none": "RPNS_OIDC_ISSUER не указывает ни одного",
    "it says what its people may do, and has their passwords": "права этих людей и их пароли — дело входа компании",
    "Too many changes": "Слишком много изменений",
    "a page of another site has made the browser ask for this": "браузер отправил это по воле страницы другого сайта",
    "an API key makes no keys, and does not move reports": "с API-ключом нельзя создавать ключи и менять адрес отчётов",
    "Address not allowed": "Адрес не разрешён",
    "Application is switched off": "Приложение отключено",
    "Authorization must be: Bearer <credential of this installation>": (
        "заголовок Authorization: Bearer <учётные данные этой установки>"
    ),
    "Authorization must be: Bearer <operator's token>": "заголовок Authorization: Bearer <токен оператора>",
    "Authorization: must be Key <key of a partner>": "Authorization: нужен Key <ключ партнёра>",
    "For operators": "Только для операторов",
    "For operators only": "Только для операторов",
    "Login needed": "Нужен вход по логину",
    "Not a valid Basic authorization": "Неверный заголовок авторизации Basic",
    "Not in the token's scopes": "Не входит в права токена",
    "Operator's token needed": "Нужен токен оператора",
    "This look cannot be recorded": "Просмотр нельзя записать в журнал",
    "Too many failed logins": "Слишком много неудачных попыток входа",
    "Too many requests": "Слишком много запросов",
    "Too many wrong tokens": "Слишком много неверных токенов",
    "Unknown API key": "Неизвестный ключ API",
    "Unknown caller": "Неизвестно, кто обращается",
    "Unknown login or wrong password": "Неизвестный логин или неверный пароль",
    "Wrong API key": "Неверный ключ API",
    "Wrong credential": "Неверные учётные данные",
    "X-Api-Key must hold a key of an application": "в X-Api-Key нужен ключ приложения",
    "an operator must name the partner": "оператор должен назвать партнёра",
    "at most {limit} at once and {rate} a second, counted by {counted}": (
        "не более {limit} одновременно и {rate} в секунду, считается {counted}"
    ),
    "at most {limit} requests at once": "не более {limit} {limit:запроса|запросов|запросов} одновременно",
    "at most {limit} requests per second": "не более {limit} {limit:запроса|запросов|запросов} в секунду",
    "needs the scope {right}; this token has {rights}": "нужно право {right}; у этого токена: {rights}",
    "the caller's address is not in the partner's subnets": "адреса нет в подсетях партнёра",
    "the installation belongs to another application": "установка принадлежит другому приложению",
    "too many failed logins, try again later": "слишком много неудачных попыток входа, повторите позже",
    "unknown": "неизвестно",
    "values about people are shown once that is in the audit trail, which takes no record now; ask again, or masked": (
        "данные о людях показываются только с записью в журнал действий, а он сейчас не принимает записей; "
        "повторите позже или запросите под маской"
    ),
    "wrong": "неверно",
}
