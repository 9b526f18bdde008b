"""Exports of other platforms as lines for import: which of their columns is which of ours, and what is left out.

    export      file                                 read
    onesignal   CSV, also .gz (`csv_export`)         identifier, device_type, notification_types, external_user_id …
    pinpoint    JSON lines or CSV, also .gz          Address, ChannelType, OptOut, EndpointStatus, User.UserId …
    a table     anybody's own, of FCM tokens say     by `--column OURS=THEIRS` and `--value OURS=CELL`

What is left out is counted by its reason. Web subscriptions always are: a browser takes pushes only under the key pair
(VAPID) that it subscribed with. Sources: the two platforms' documentation of their exports.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Cells = Mapping[str, Any]
_TRUE = {"true", "t", "yes", "y", "1"}
_WEB = "web subscriptions, which are bound to the keys they were made with"


class LeftOut(Exception):
    """A record that is no device of ours; the text is the reason, without anything of the record."""


class BadCell(Exception):
    """A record that breaks a rule: the column of the export, and the rule."""

    def __init__(self, column: str, rule: str) -> None:
        super().__init__(column, rule)
        self.column, self.rule = column, rule


class Export(NamedTuple):
    """One platform's export. `fields` gives a line for import. Raises LeftOut, BadCell."""

    columns: tuple[str, ...]
    needed: tuple[str, ...]  # of them, those without which a CSV is another file
    is_csv: bool  # unless the file's ending says otherwise
    fields: Callable[[Cells], dict[str, Any]]


_ONESIGNAL_TYPES = {"0": ("apns", "ios"), "1": ("fcm", "android"), "13": ("hms", "android")}
_ONESIGNAL_OTHERS = {
    "2": "devices of Amazon",
    "3": "Windows",
    "4": _WEB,
    "5": _WEB,
    "6": "Windows",
    "7": _WEB,
    "8": _WEB,
    "9": "macOS",
    "10": "Alexa",
    "11": "e-mail addresses",
    "14": "phone numbers without a device",
    "17": _WEB,
}
_ONESIGNAL = {
    "externalUserId": "external_user_id",
    "appVersion": "game_version",
    "osVersion": "device_os",
    "model": "device_model",
    "locale": "language",
}
_ONESIGNAL_ZONE, _ONESIGNAL_OFFSET = "timezone_id", "timezone"  # the second, in seconds, is in every export
_OPTED_OUT, _NOT_ALLOWED = -2, 0  # of notification_types: by the app's switch, by the operating system


def _onesignal(cells: Cells) -> dict[str, Any]:
    kind = _text(cells, "device_type")
    if kind in _ONESIGNAL_OTHERS:
        raise LeftOut(_ONESIGNAL_OTHERS[kind])
    if kind not in _ONESIGNAL_TYPES:
        known = sorted(_ONESIGNAL_TYPES.keys() | _ONESIGNAL_OTHERS.keys(), key=int)
        raise BadCell("device_type", f"must be one of {', '.join(known)}")
    if _text(cells, "invalid_identifier").lower() in _TRUE:
        raise LeftOut("tokens that OneSignal calls invalid")
    provider, platform = _ONESIGNAL_TYPES[kind]
    made: dict[str, Any] = {"provider": provider, "platform": platform, "token": _token(cells, "identifier")}
    state = _whole(cells, "notification_types", 1)
    if state < 0 and state != _OPTED_OUT:
        raise LeftOut("devices whose registration had failed")
    if state == _OPTED_OUT:
        made["pushEnabled"] = False
    if state == _NOT_ALLOWED:
        made["pushOsEnabled"] = False
    return made | _named(cells, _ONESIGNAL) | _onesignal_zone(cells)


def _onesignal_zone(cells: Cells) -> dict[str, str]:
    """The zone's name; else one that has the offset, the same all year where there is such a zone. Raises BadCell."""
    if zone := _text(cells, _ONESIGNAL_ZONE):
        return {"timeZone": zone}
    if not _text(cells, _ONESIGNAL_OFFSET):
        return {}
    offset = _whole(cells, _ONESIGNAL_OFFSET, 0)
    hours = offset // 3600
    if offset % 3600 == 0 and -12 <= hours <= 14:
        return {"timeZone": f"Etc/GMT{-hours:+}" if hours else "Etc/GMT"}  # whose sign is that of POSIX
    if offset in OF_PARTS_OF_AN_HOUR:
        return {"timeZone": OF_PARTS_OF_AN_HOUR[offset]}
    raise BadCell(_ONESIGNAL_OFFSET, "must be an offset from UTC in seconds that a time zone has")


OF_PARTS_OF_AN_HOUR = {
    -34_200: "Pacific/Marquesas",
    -12_600: "America/St_Johns",
    -9_000: "America/St_Johns",
    12_600: "Asia/Tehran",
    16_200: "Asia/Kabul",
    19_800: "Asia/Kolkata",
    20_700: "Asia/Kathmandu",
    23_400: "Asia/Yangon",
    31_500: "Australia/Eucla",
    34_200: "Australia/Darwin",
    37_800: "Australia/Adelaide",
    45_900: "Pacific/Chatham",
    49_500: "Pacific/Chatham",
}
"""Zones by offset (seconds) that is no whole hour. Source: IANA's time zone database, 2025."""


_PINPOINT_CHANNELS: dict[str, dict[str, str]] = {
    "APNS": {"provider": "apns", "platform": "ios", "environment": "production"},
    "APNS_SANDBOX": {"provider": "apns", "platform": "ios", "environment": "sandbox"},
    "GCM": {"provider": "fcm", "platform": "android"},
}
_PINPOINT_OTHERS = {
    "ADM": "devices of Amazon",
    "BAIDU": "devices of Baidu",
    "APNS_VOIP": "tokens for calls (VoIP)",
    "APNS_VOIP_SANDBOX": "tokens for calls (VoIP)",
    "SMS": "phone numbers without a device",
    "VOICE": "phone numbers without a device",
    "EMAIL": "e-mail addresses",
    "CUSTOM": "custom channels",
    "IN_APP": "in-app addresses",
}
_PINPOINT = {
    "externalUserId": "User.UserId",
    "appVersion": "Demographic.AppVersion",
    "osVersion": "Demographic.PlatformVersion",
    "model": "Demographic.Model",
    "locale": "Demographic.Locale",
    "timeZone": "Demographic.Timezone",
}


def _pinpoint(cells: Cells) -> dict[str, Any]:
    cells = _flat(cells)
    channel = _text(cells, "ChannelType")
    if channel in _PINPOINT_OTHERS:
        raise LeftOut(_PINPOINT_OTHERS[channel])
    if channel not in _PINPOINT_CHANNELS:
        known = sorted(_PINPOINT_CHANNELS.keys() | _PINPOINT_OTHERS.keys())
        raise BadCell("ChannelType", f"must be one of {', '.join(known)}")
    if _text(cells, "EndpointStatus").upper() == "INACTIVE":
        raise LeftOut("endpoints that are inactive")
    made: dict[str, Any] = {**_PINPOINT_CHANNELS[channel], "token": _token(cells, "Address")}
    if _text(cells, "OptOut").upper() == "ALL":
        made["pushEnabled"] = False
    return made | _named(cells, _PINPOINT)


EXPORTS: dict[str, Export] = {
    "onesignal": Export(
        (
            *("identifier", "device_type", "invalid_identifier", "notification_types", *_ONESIGNAL.values()),
            *(_ONESIGNAL_ZONE, _ONESIGNAL_OFFSET),
        ),
        ("identifier", "device_type"),
        True,
        _onesignal,
    ),
    "pinpoint": Export(
        ("Address", "ChannelType", "EndpointStatus", "OptOut", *_PINPOINT.values()),
        ("Address", "ChannelType"),
        False,
        _pinpoint,
    ),
}


def own_table(
    columns: Mapping[str, str], values: Mapping[str, str], meanings: Mapping[str, Callable[[str], Any]]
) -> Export:
    """A table of one's own.

    `columns`: ours → theirs; `values`: ours → a cell that all rows have; `meanings`: what a cell of each of our columns
    is, which raises ValueError with the rule. Raises ValueError for columns that are not ours.
    """
    for name in (*columns, *values):
        if name not in meanings:
            raise ValueError(f"{name!r} is no column of ours; there are: {', '.join(meanings)}")
    constant = {name: meanings[name](cell) for name, cell in values.items()}

    def fields(cells: Cells) -> dict[str, Any]:
        made = dict(constant)
        for name, column in columns.items():
            if not (text := _text(cells, column)):
                continue
            try:
                made[name] = meanings[name](text)
            except ValueError as error:
                raise BadCell(column, str(error)) from None
        if "token" not in made and "subscription" not in made:
            raise LeftOut("rows without a token")
        return made

    theirs = tuple(dict.fromkeys(columns.values()))
    return Export(theirs, theirs, True, fields)


def _token(cells: Cells, column: str) -> str:
    text = re.sub(r"\s", "", _text(cells, column))
    if not text:
        raise LeftOut("rows without a token")
    return text


def _named(cells: Cells, names: Mapping[str, str]) -> dict[str, str]:
    """The columns that are said, by our names."""
    found = {ours: _text(cells, theirs) for ours, theirs in names.items()}
    return {ours: text for ours, text in found.items() if text}


def _text(cells: Cells, column: str) -> str:
    """The cell; empty when it is not said."""
    value = cells.get(column)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return str(value).strip()
    raise BadCell(column, "must be text")


def _whole(cells: Cells, column: str, default: int) -> int:
    text = _text(cells, column)
    if not text:
        return default
    if not re.fullmatch(r"-?[0-9]{1,6}", text):
        raise BadCell(column, "must be a whole number")
    return int(text)


def _flat(cells: Cells) -> dict[str, Any]:
    """Objects in a record as columns of their own, `User.UserId`, as the CSV of the same export names them."""
    flat: dict[str, Any] = {}
    for name, value in cells.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": found for inner, found in value.items()}
        else:
            flat[name] = value
    return flat
