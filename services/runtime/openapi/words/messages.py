"""What a partner sends, by `/v6/send` and in packets, and the answers."""

MODELS = {
    "SendRequest": {
        "login": "Your login",
        "password": "Your password, or an API key of yours",
    },
    "MessageBody": {
        "type": "The channel, in any case: PUSH, SMS, VIBER, VK, WHATSAPP, TELEGRAM, FLASHINGCALL, MAX, CARDSMOBILE",
        "data": "What is sent; its fields depend on `type`",
    },
    "LinkBody": {
        "state": "What the message before has to reach in its lifetime, DELIVERED or READ; else this one goes",
        "message": "The message of this link",
        "nextLink": "The link after this one",
    },
    "ScheduleBody": {
        "timeBegin": "From when on it may be sent, HH:MM",
        "timeEnd": "Until when it may be sent, HH:MM; before `timeBegin`: a window over midnight",
        "weekdaysSchedule": "On which days, digits: 1 is Monday, 67 the weekend",
        "deadline": "ISO 8601, at most 30 days ahead: a link that is not sent by then has expired",
        "useTimeDiff": "The same as beside `scheduleInfo`, which wins",
    },
    "ButtonBody": {"title": "What is written on the button"},
    "ContentBody": {
        "contentCategory": "IMAGE or HTML",
        "contentUrl": "Address of the picture or page, http or https, without a login in it",
    },
    "OptionBody": {
        "param_name": "SENDING_PLATFORMS, SECURE, RICH or LIVE_ACTIVITY",
        "param_value": "Its form depends on the name: docs/partner-api.md §1",
    },
    "PushData": {
        "text": "The text that is shown; may hold `%name%` places for SECURE values",
        "primaryOn": "Only to the recipient's primary installation",
        "content": "A picture or a page, and buttons",
        "deviceSubscriptions": "Only to installations with one of these subscriptions switched on",
        "customPayload": "Any JSON; the app gets it as it is",
        "extraOptions": "More ways of showing it: SENDING_PLATFORMS, SECURE, RICH, LIVE_ACTIVITY",
        "Options": "The older name of `extraOptions`",
    },
    "ChannelData": {
        "text": "The text, as the channel asks for it: 2000 characters of an SMS, the code of a flashing call",
        "instantContent": "What VIBER and WHATSAPP show",
    },
    "InstantContent": {
        "type": "The kind of content, as the channel calls it",
        "data": "The content, as the channel asks for it",
    },
    "Rich": {
        "message": "The text that takes the place of the one that was shown",
        "content-category": "IMAGE or HTML",
        "content-url": "Address of the picture or page",
        "custom-payload": "Any JSON; the app gets it as it is",
    },
    "LiveActivity": {
        "activity-id": "The activity that is updated or ended; none: all of the recipient's",
        "timestamp": "Since when this is so, ISO 8601; the phone drops one that is older than what it shows",
        "event": "start, update or end",
        "content-state": "What the activity shows now",
        "stale-date": "When what is shown counts as out of date, ISO 8601",
        "dismissal-date": "When an ended activity leaves the screen, ISO 8601",
        "relevance-score": "Which of several activities is shown first",
        "alert": "What the phone shows and plays when the activity changes",
        "attributes-type": "Name of the attributes type; of a start",
        "attributes": "What does not change while the activity lives; of a start",
        "input-push-token": "1: the activity that starts is to be updated by its own token",
        "input-push-channel": "The broadcast channel that the activity that starts is updated by",
    },
    "LiveAlert": {"body": "The text of the alert", "sound": "The sound that is played"},
    "SendAnswer": {"mtNum": "The number of the whole chain; reports carry it"},
    "ErrorAnswer": {
        "error": "The error, by its code",
        "extendedDescription": "The field and the rule that it breaks",
    },
    "ErrorDetail": {
        "code": "1 away, 2 address, 3 too many, 4 a rule, 5 login, 6 password, 7 serviceNumber, 8 destAddr, 9 type, "
        "10 repeated id, 11 lifetime, 100 ours",
        "description": "What the code means",
    },
    "Packet": {
        "messages": "The messages, 1 to 3000; each is answered by itself",
        "shortenUrl": "Whether addresses in the texts are shortened",
        "scheduleInfo": "When all of them may be sent",
        "useTimeDiff": "Read the window of `scheduleInfo` in the recipient's time zone",
    },
    "PacketMessage": {
        "type": "The channel; none: the account's own",
        "from": "The sender: your service number",
        "to": "The phone number; may be absent where `data` names an `externalUserId`",
        "text": "The text",
        "validity": "The lifetime, seconds",
        "priority": "0 (low) to 3: what goes first within the packet",
        "callbackUrl": "Where this message's reports go",
        "data": "More of the message, as `message.data` of `/v6/send`",
    },
    "PacketAnswer": {"result": "One entry for each message, in their order"},
    "PacketOutcome": {
        "code": "OK or REJECTED",
        "messageId": "Our id of the message; null where it was rejected",
        "packetId": "Our id of the packet: its states are asked for by it",
        "reasons": "Everything that is wrong with it, where it was rejected",
        "description": "The same in words",
    },
    "RejectReason": {
        "key": "What is wrong: must.be.not.null, length.too.long, invalid, not.available, duplicate, unknown",
        "ref": "The field that it is about",
    },
    "ProblemBody": {
        "type": "Tells problems of one status apart: about:blank says no more than `status`",
        "title": "What went wrong, in a few words",
        "status": "The HTTP status",
        "detail": "What to do about it, or more exactly what it was",
    },
}

_SENT = {
    "id": "Your own id: repeating a request with it never sends twice",
    "destAddr": "The phone number: digits without plus for Russia, with plus for any country",
    "message": "The message",
    "extraParam": "`name1=value1,name2=value2`: kept and searchable, returned in the history",
    "useTimeDiff": "Read the window of `scheduleInfo` in the recipient's time zone",
    "scheduleInfo": "When it may be sent",
    "cascadeChainLink": "What is sent when this message does not arrive",
}
_DATA = {
    "ttl": "The lifetime, in `ttlUnit`: 30 seconds to 24 hours of a push",
    "ttlUnit": "SECONDS, MINUTES (the default) or HOURS",
}
MODELS["SendRequest"] |= _SENT
MODELS["PacketMessage"] |= {name: _SENT[name] for name in ("id", "extraParam", "cascadeChainLink")}
for _name in ("PushData", "ChannelData"):
    MODELS[_name] = _DATA | MODELS[_name]
