"""What an import says of an installation, and how much its word counts. Pure.

    token, owner    less than what any device says, whatever the time: a device may come while a file is being read
    a setting       less than the app's own word; of two imports the one that forbids counts
    a take-over     what an import forbids goes along with the token; what it allows and the owner do not

So neither the order of imports and devices nor repeats matter. What has come along is never shown to the device, for
whoever has learnt a token could ask for it. Source: DECISIONS 123.
"""

from dataclasses import dataclass

from schemas import ids
from schemas.device_events import DeviceEvent, SettingsChanged, Subscription
from services.registry.devices.fold.state import Device, Stamp

_NAMES = ids.uuid5("6ba7b811-9dad-11d1-80b4-00c04fd430c8", "rpns/import")
_ALLOWS, _FORBIDS = 0, 1
"""The time in the stamps of imported words: before any device's."""


def import_id(application_id: str, token_name: str) -> str:
    """The id of the installation that an import makes of a token, "<provider>/<token>": always the same."""
    return ids.uuid5(_NAMES, f"{application_id}/{token_name}")


def register_stamp(event: DeviceEvent, stamp: Stamp, *, forbids: bool = False) -> Stamp:
    """The stamp that a register keeps a fact of this event under; `stamp` is the event's own."""
    return f"{_FORBIDS if forbids else _ALLOWS:015d}/{event.event_id}" if event.by else stamp


def is_imported_word(stamp: Stamp) -> bool:
    """Whether a register with this stamp rests on an import; not where nothing was said at all."""
    return bool(stamp) and int(stamp[:15]) <= _FORBIDS


def is_said(device: Device, register: str) -> bool:
    """Whether the app itself has said what this setting is."""
    stamp = device.stamps.get(register, "")
    return bool(stamp) and not is_imported_word(stamp)


def as_said(device: Device) -> Device:
    """The installation as its app has said it: where only an import has spoken, as if nobody had."""
    own = tuple(kept for kept in device.subscriptions if not is_imported_word(kept.stamp))
    push = device.push_enabled if is_said(device, "push_enabled") else True
    system = device.push_os_enabled if is_said(device, "push_os_enabled") else True
    return device.replace(push_enabled=push, push_os_enabled=system, subscriptions=own)


@dataclass(frozen=True, slots=True)
class Forbidden:
    """What imports forbid: all pushes, by the app's switch or by the system, and single subscriptions."""

    push: bool = False
    system: bool = False
    subscriptions: tuple[Subscription, ...] = ()

    @classmethod
    def of(cls, device: Device) -> "Forbidden":
        """What they forbid on this installation, as long as its app has not said otherwise."""
        stamps = device.stamps
        return cls(
            push=not device.push_enabled and is_imported_word(stamps.get("push_enabled", "")),
            system=not device.push_os_enabled and is_imported_word(stamps.get("push_os_enabled", "")),
            subscriptions=tuple(
                kept.reported() for kept in device.subscriptions if not kept.value and is_imported_word(kept.stamp)
            ),
        )

    @property
    def names(self) -> list[str]:
        """The settings, as the API calls them, and the ids of the subscriptions."""
        switches = [name for name, is_off in (("pushEnabled", self.push), ("pushOsEnabled", self.system)) if is_off]
        return switches + [subscription.id for subscription in self.subscriptions]

    def news_for(self, device: Device) -> "Forbidden":
        """What of it is not forbidden on this installation yet, and was not said by its app."""
        known = {kept.id: kept for kept in device.subscriptions}
        return Forbidden(
            push=self.push and device.push_enabled and not is_said(device, "push_enabled"),
            system=self.system and device.push_os_enabled and not is_said(device, "push_os_enabled"),
            subscriptions=tuple(
                subscription
                for subscription in self.subscriptions
                if (kept := known.get(subscription.id)) is None or (kept.value and is_imported_word(kept.stamp))
            ),
        )

    def events_for(self, device: Device, at: int, by: str) -> list[SettingsChanged]:
        """The event that tells this installation, where it is news. `by`: who imported it; `at`: UTC ms of the import.

        The same news makes the same event, however often it is told.
        """
        news = self.news_for(device)
        if not news.names:
            return []
        event = SettingsChanged.checked(
            event_id=ids.event_id_of(device.installation_id, f"import/forbids/{'/'.join(sorted(news.names))}"),
            at=at,
            installation_id=device.installation_id,
            application_id=device.application_id,
            by=by,
            push_enabled=False if news.push else None,
            push_os_enabled=False if news.system else None,
            subscriptions=news.subscriptions or None,
        )
        return [event]
