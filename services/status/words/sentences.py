"""The sentences of which an explanation is made. Both languages of one have the same places. Pure."""

from enum import Enum

from schemas.language import Words


class Sentence(Words, Enum):
    """One of them, English and Russian."""

    NOTHING_KNOWN = "Nothing is known of it yet.", "Пока ничего не известно."
    NEWER = (
        "A newer release has stored it: this one cannot tell more of it.",
        "Запись сделана более новой версией платформы: подробностей эта версия не покажет.",
    )
    DAMAGED = (
        "Something has damaged what is stored of it: no more can be told of it; an operator can have it built anew.",
        "Сохранённые о нём данные повреждены: подробностей нет, оператор может построить запись заново.",
    )
    NEWER_REASON = (
        "a newer release knows what this reason means",
        "эта причина известна только более новой версии платформы",
    )
    CLOSED = (
        "It was closed: it had become larger than a message may be.",
        "Запись о сообщении закрыта: она превысила допустимый размер.",
    )
    LINK = "Link {number}: {outcome}", "Звено {number}: {outcome}"
    REQUESTED = "It has been requested.", "Отправка запрошена."
    READ = (
        "{channel} was read on {reached} of {devices} {devices:device|devices}.",
        "{channel}: прочитано на {reached} из {devices} {devices:устройства|устройств|устройств}.",
    )
    DELIVERED = (
        "{channel} was delivered to {reached} of {devices} {devices:device|devices} and has not been read.",
        "{channel}: доставлено на {reached} из {devices} {devices:устройства|устройств|устройств}, не прочитано.",
    )
    SENT = (
        "{channel} was handed to the provider for {devices} {devices:device|devices}; none has confirmed it yet.",
        "{channel}: передано провайдеру для {devices} {devices:устройства|устройств|устройств}; "
        "подтверждений пока нет.",
    )
    PERHAPS_SENT = (
        "{channel} may have been handed to the provider for {devices} {devices:device|devices}; "
        "none has confirmed it yet.",
        "{channel}: возможно, передано провайдеру для {devices} {devices:устройства|устройств|устройств}; "
        "подтверждений пока нет.",
    )
    ACTIVITIES_SENT = (
        "{channel} was handed to the provider for {activities} {activities:Live Activity|Live Activities}; "
        "phones do not confirm these.",
        "{channel}: передано провайдеру, Live Activity: {activities}; телефоны их показ не подтверждают.",
    )
    LEFT_OUT = "Left out or failed: {causes}.", "Исключено или не удалось: {causes}."
    NOT_PROVED = (
        "Of {devices} {devices:device|devices} {devices:the login was|the logins were} not proved: "
        "receipts from there end no cascade.",
        "На {devices} {devices:устройстве|устройствах|устройствах} вход клиента не подтверждён: "
        "отчёты о доставке оттуда не останавливают каскад.",
    )
    IN_DOUBT = (
        "Of {devices} {devices:device|devices} we cannot know whether the provider took it: no answer came, and "
        "another try could have been shown as a second one, or come too late.",
        "Для {devices} {devices:устройства|устройств|устройств} неизвестно, принял ли провайдер сообщение: ответа не "
        "было, а при повторной попытке оно могло прийти дважды или опоздать.",
    )
    ON_ITS_WAY = (
        "{channel} is on its way to {devices} {devices:device|devices}.",
        "{channel}: отправляется на {devices} {devices:устройство|устройства|устройств}.",
    )
    TRIED = (
        "{channel} is on its way to {devices} {devices:device|devices}, {tries} {tries:attempt|attempts} so far.",
        "{channel}: отправляется на {devices} {devices:устройство|устройства|устройств}, пока {tries} "
        "{tries:попытка|попытки|попыток}.",
    )
    HELD = "{channel} waits: {stop} is paused.", "{channel}: ждёт, отправка приостановлена ({stop})."
    SCHEDULED = (
        "{channel} is scheduled and waits for its hour.",
        "{channel}: отправка запланирована, время ещё не наступило.",
    )
    ACCEPTED = (
        "{channel} was accepted and has not been planned yet.",
        "{channel}: принято, получатели ещё не определены.",
    )
    FAILED = (
        "{channel} was not delivered: {reason} (errorCode {error_code}).",
        "{channel}: не доставлено, причина: {reason} (errorCode {error_code}).",
    )
    PUSH_FAILED = (
        "PUSH was not delivered: {reason} (errorCode {error_code}).",
        "Пуш не доставлен: {reason} (errorCode {error_code}).",
    )
    FAILED_OF = (
        "Of {devices} {devices:device|devices}: {causes}.",
        "Из {devices} {devices:устройства|устройств|устройств}: {causes}.",
    )
    FAILED_ON_ALL = (
        "So it was on each of {devices} {devices:device|devices}.",
        "Так на каждом из {devices} {devices:устройства|устройств|устройств}.",
    )
    CAUSE = "on {devices} — {cause}", "на {devices} — {cause}"
    HAD_TAKEN = (
        "The provider had taken it for {devices} {devices:device|devices}; the device is probably off or offline.",
        "Провайдер принял сообщение для {devices} {devices:устройства|устройств|устройств}; "
        "вероятно, устройство выключено или не в сети.",
    )
    LATE = (
        "It was confirmed after it had been given up: the customer may have been reached twice.",
        "Подтверждение пришло, когда сообщение уже считалось недоставленным: клиент мог получить его дважды.",
    )
    PLAN = (
        "goes to {devices} {devices:device|devices}",
        "на {devices} {devices:устройство|устройства|устройств}",
    )
    PLAN_LEFT_OUT = "left out {device}: {cause}", "пропущено {device}: {cause}"
    CANCELLED = (
        "What was to follow was cancelled: {channels}.",
        "Отправка следующих звеньев каскада отменена: {channels}.",
    )
