"""Refusals of devices, of proofs of login and their keys, and of receipts of a provider. English and Russian. Pure."""

TEXTS = {
    "must be random bytes in hex or base64, 22 to 128 characters: draw 32 bytes": (
        "нужны случайные байты в hex или base64, от 22 до 128 символов: возьмите 32 байта"
    ),
    "Origin is not allowed": "Источник (origin) не разрешён",
    "no application has the origin of this page among its allowedOrigins": (
        "ни у одного приложения источника этой страницы нет в allowedOrigins"
    ),
    "Installation id is taken": "id установки занят",
    "Live Activities are for platform ios": "Live Activity есть только у платформы ios",
    "No Web Push credentials": "Нет учётных данных Web Push",
    "Proof of login refused": "Подтверждение входа не принято",
    "Proof of login required": "Нужно подтверждение входа",
    "an installation has at most {limit}": "у установки не более {limit}",
    "externalUserId and phone must equal those of the proof, or be absent": (
        "externalUserId и phone должны совпадать с подтверждением или отсутствовать"
    ),
    "is of RuStore universal only": "только для RuStore universal",
    "it was installed with another proof; draw a new id": "установлено с другим подтверждением; создайте новый id",
    "log in with `proof`": "войдите с `proof`",
    "must be 16 bytes": "нужно 16 байтов",
    "must be 32 to 400 hexadecimal digits": "нужно от 32 до 400 шестнадцатеричных цифр",
    "must be a P-256 point, uncompressed (65 bytes)": "нужна точка P-256 без сжатия (65 байтов)",
    "must be base64url": "нужен base64url",
    "must be printable ASCII without blanks": "нужны печатные символы ASCII без пробелов",
    "personalize takes `proof`": "personalize принимает `proof`",
    "the application has no credentials of `web`": "у приложения нет учётных данных `web`",
    "this or phone must be given": "нужно указать это или phone",
    "was signed before the proofs of its owner were revoked": "подписано до отзыва подтверждений владельца",
    "was used on this installation before another login or a logout: sign a new one": (
        "уже использовано на этой установке до другого входа или выхода: подпишите новое"
    ),
}

PROOFS = {
    "Unknown key": "Неизвестный ключ",
    "an RSA key must have {least} to {most} bits": "в ключе RSA должно быть от {least} до {most} битов",
    "an application has at most {limit} at a time: end one first": (
        "у приложения не более {limit} одновременно: сначала завершите один"
    ),
    "an elliptic curve must be P-256": "эллиптическая кривая — только P-256",
    "aud must be rpns": "aud должен быть rpns",
    "exp must be at most {limit} s after iat": "exp — не позже чем через {limit} с после iat",
    "give one of pem, jwks and secret": "укажите одно из pem, jwks и secret",
    "has expired": "срок истёк",
    "iid must be the id of this installation": "iid должен быть id этой установки",
    "is a key, not a secret: give a public key as pem or jwks": (
        "это ключ, а не секрет: передайте открытый ключ как pem или jwks"
    ),
    "is a private key, which must never leave the backend: throw it away, make a new pair, give its public half": (
        "это закрытый ключ, он не должен покидать ваш сервер: не используйте его больше, создайте новую пару и "
        "передайте её открытую часть"
    ),
    "is a secret, which has no place in a JWKS: make a new one, and give it as secret": (
        "это секрет, ему не место в JWKS: создайте новый и передайте как secret"
    ),
    "is in the JWKS itself, for each of its keys": "указывается в самом JWKS, у каждого ключа",
    "iss must be the id of the application": "iss должен быть id приложения",
    "its header must be a JSON object without crit": "заголовок должен быть объектом JSON без crit",
    "must be 1 to 64 printable ASCII characters without blanks": (
        "нужно от 1 до 64 печатных символов ASCII без пробелов"
    ),
    "must be 32 random bytes or more, as {least} to 256 printable characters": (
        "нужно 32 случайных байта или больше, в виде {least}–256 печатных символов"
    ),
    "must be {algorithm} for a key of this type": "для ключа этого типа нужен {algorithm}",
    "must be a key of P-256, Ed25519 or RSA": "нужен ключ P-256, Ed25519 или RSA",
    "must be a public key of kty EC, OKP or RSA": "нужен открытый ключ с kty EC, OKP или RSA",
    "must be a signed JWT of at most {limit} characters": (
        "нужен подписанный JWT не длиннее {limit} {limit:символа|символов|символов}"
    ),
    "must be given from the second key on: proofs then name their key by it": (
        "обязательно, начиная со второго ключа: подтверждения называют им свой ключ"
    ),
    "must be one public key in PEM (-----BEGIN PUBLIC KEY-----)": (
        "нужен один открытый ключ в PEM (-----BEGIN PUBLIC KEY-----)"
    ),
    "must be sig": "допустимо только sig",
    "must be signed by a key of the application": "нужна подпись ключом приложения",
    "must be signed by a key of the application, with the algorithm of its type": (
        "нужна подпись ключом приложения, алгоритмом его типа"
    ),
    "must be that of a key": "такого ключа нет",
    "must be unique among the keys of the application": "должно быть уникальным среди ключей приложения",
    'must be {{"keys": [public keys]}}': 'нужно {{"keys": [открытые ключи]}}',
    "phone must be E.164 with a plus, for instance +79001234567": (
        "phone — номер E.164 с плюсом, например +79001234567"
    ),
    "sub must be a user id of 1 to {limit} characters": "sub — id пользователя длиной от 1 до {limit} символов",
    "sub or phone must be there": "нужен sub или phone",
    "the same key must not be given twice": "один и тот же ключ указан дважды",
    "was signed in the future: the clock of the backend is wrong": (
        "подписано в будущем: часы вашего сервера идут неверно"
    ),
    "{part} must be a JSON object": "{part}: нужен объект JSON",
    "{name} must be a time in seconds since 1970": "{name}: нужно время в секундах с 1970 года",
}

RECEIPTS = {
    "No receipt": "Это не квитанция",
    "No receipts are taken": "Квитанции не принимаются",
    "Not signed": "Подпись не принята",
    "X-HUAWEI-CALLBACK-ID must be timestamp=…;nonce=…;value=…": (
        "в X-HUAWEI-CALLBACK-ID нужно timestamp=…;nonce=…;value=…"
    ),
    "the application has no `callback_secret` in its hms credentials": (
        "в учётных данных hms приложения нет `callback_secret`"
    ),
    "the body must be JSON with a list of `statuses`": "нужен JSON со списком `statuses`",
    "the signature is wrong": "подпись неверна",
    "the signature was used for another body before": "эта подпись уже использована с другим телом",
    "the timestamp is more than five minutes off": "время расходится больше чем на пять минут",
}
