"""Device events for tests: one installation's, and whole histories of several that meet over tokens and users."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from schemas import ids
from schemas.device_events import (
    ActivityEnded,
    ActivityTokenRegistered,
    AppStarted,
    Depersonalized,
    DeviceEvent,
    InstallationReplaced,
    Installed,
    LoginProof,
    Personalized,
    ProofRevoked,
    PushToStartTokenRegistered,
    PushToStartTokenRemoved,
    SettingsChanged,
    Subscription,
    TokenRegistered,
    TokenRemoved,
    TokenRetired,
    TokenWorked,
)
from schemas.providers import Platform, Provider

_NAMES = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"


@dataclass(frozen=True)
class AppEvents:
    """Events of one installation of application `app`; times are milliseconds after `epoch`."""

    installation_id: str
    epoch: int = 1_764_000_000_000

    def _about(self, after: int, what: str) -> dict[str, str | int]:
        return {
            "event_id": ids.uuid5(_NAMES, f"{self.installation_id}/{after}/{what}"),
            "at": self.epoch + after,
            "installation_id": self.installation_id,
            "application_id": "app",
        }

    def installed(self, after: int, proof: str = "p", version: str = "1") -> Installed:
        about = self._about(after, f"installed/{proof}/{version}")
        facts = {"device_id": "d", "platform": Platform.IOS, "proof_hash": proof, "app_version": version}
        return Installed.stored({**about, **facts})

    def token(self, after: int, digest: str) -> TokenRegistered:
        facts = {"provider": Provider.APNS, "sealed": f"sealed-{digest}", "digest": digest}
        return TokenRegistered.stored({**self._about(after, f"token/{digest}"), **facts})

    def waiting(self, after: int, digest: str) -> TokenRegistered:
        return self.token(after, digest).replace(waits=True)

    def removed(self, after: int) -> TokenRemoved:
        return TokenRemoved.stored(self._about(after, "removed"))

    def retired(self, after: int, digest: str, dead_at: int | None = None, slot: str = "") -> TokenRetired:
        dead = None if dead_at is None else self.epoch + dead_at
        about = self._about(after, f"retired/{digest}/{dead_at}/{slot}")
        return TokenRetired.stored({**about, "digest": digest, "dead_at": dead, "slot": slot})

    def activity(self, after: int, activity_id: str, digest: str, owner: str = "") -> ActivityTokenRegistered:
        about = self._about(after, f"activity/{activity_id}/{digest}")
        facts = {"sealed": f"sealed-{digest}", "digest": digest, "attributes_type": "T", "owner": owner}
        return ActivityTokenRegistered.stored({**about, **facts, "activity_id": activity_id})

    def activity_ended(self, after: int, activity_id: str) -> ActivityEnded:
        about = self._about(after, f"activity-ended/{activity_id}")
        return ActivityEnded.stored({**about, "activity_id": activity_id})

    def startable(self, after: int, attributes_type: str, digest: str) -> PushToStartTokenRegistered:
        about = self._about(after, f"startable/{attributes_type}/{digest}")
        facts = {"sealed": f"sealed-{digest}", "digest": digest, "attributes_type": attributes_type}
        return PushToStartTokenRegistered.stored({**about, **facts})

    def not_startable(self, after: int, attributes_type: str) -> PushToStartTokenRemoved:
        about = self._about(after, f"not-startable/{attributes_type}")
        return PushToStartTokenRemoved.stored({**about, "attributes_type": attributes_type})

    def worked(self, after: int, digest: str, under: str = "") -> TokenWorked:
        about = self._about(after, f"worked/{digest}/{under}")
        return TokenWorked.stored({**about, "digest": digest, "under": under})

    def personalized(
        self, after: int, user: str | None, phone: str | None = None, proof: str | None = None
    ) -> Personalized:
        """`proof`: the digest of one."""
        about = self._about(after, f"personalized/{user}/{phone}/{proof}")
        kept = LoginProof(signed_at=self.epoch + after, kid="k1", digest=proof) if proof is not None else None
        return Personalized.stored({**about, "external_user_id": user, "phone": phone, "proof": kept})

    def replaced(self, after: int, by: str) -> InstallationReplaced:
        return InstallationReplaced.stored({**self._about(after, f"replaced/{by}"), "by_installation_id": by})

    def revoked(self, after: int) -> ProofRevoked:
        return ProofRevoked.stored(self._about(after, "revoked"))

    def depersonalized(self, after: int) -> Depersonalized:
        return Depersonalized.stored(self._about(after, "depersonalized"))

    def claimed(self, after: int, record_id: str | None) -> SettingsChanged:
        about = self._about(after, f"claimed/{record_id}")
        return SettingsChanged.stored({**about, "primary": True, "claimed_for": record_id})

    def released(self, after: int) -> SettingsChanged:
        return SettingsChanged.stored({**self._about(after, "released"), "primary": False})

    def switched(
        self, after: int, push: bool | None, system: bool | None = None, source: str = "sdk"
    ) -> SettingsChanged:
        about = self._about(after, f"switched/{push}/{system}/{source}")
        return SettingsChanged.stored({**about, "push_enabled": push, "push_os_enabled": system, "source": source})

    def subscribed(self, after: int, *subscriptions: Subscription) -> SettingsChanged:
        what = "/".join(f"{subscription.id}={subscription.value}" for subscription in subscriptions)
        about = self._about(after, f"subscribed/{what}")
        return SettingsChanged.stored({**about, "subscriptions": subscriptions})

    def imported(self, after: int, event: DeviceEvent) -> DeviceEvent:
        """The same as an import's word."""
        about = self._about(after, f"imported/{event.event_id}")
        return event.replace(event_id=about["event_id"], by="operator:duty")

    def started(self, after: int, version: str | None = None, session_s: int | None = None) -> AppStarted:
        about = self._about(after, f"started/{version}/{session_s}")
        return AppStarted.stored({**about, "app_version": version, "session_s": session_s})


@st.composite
def histories(draw: st.DrawFn, installations: int, most: int = 24) -> Sequence[DeviceEvent]:
    """Each installation's install, then up to `most` events of all of them, close enough in time to collide."""
    apps = [AppEvents(f"i-{number}") for number in range(installations)]
    steps = draw(st.lists(st.tuples(st.sampled_from(apps), st.integers(1, 40), st.integers(0, 17)), max_size=most))
    found: dict[str, DeviceEvent] = {}
    for event in [app.installed(0) for app in apps] + [draw(_event(app, after, kind)) for app, after, kind in steps]:
        found[event.event_id] = event
    return list(found.values())


@st.composite
def _event(draw: st.DrawFn, app: AppEvents, after: int, kind: int) -> DeviceEvent:
    digest, user = draw(st.sampled_from("abc")), draw(st.sampled_from(["u", "v"]))
    phone = draw(st.sampled_from([None, "79001112233"]))
    record_id = f"app/u/{user}"
    on = Subscription(id=digest, value=draw(st.booleans()))
    slot = f"activity/{user}" if draw(st.booleans()) else f"start/{user}"
    made: list[DeviceEvent] = [
        app.installed(after, version=digest),
        app.token(after, digest),
        app.token(after, digest),
        app.removed(after),
        app.retired(after, digest, draw(st.none() | st.integers(1, 40))),
        app.worked(after, digest),
        app.worked(after, digest, f"under-{after % 3}"),
        app.personalized(after, user, phone, draw(st.sampled_from([None, "p", "q"]))),
        app.depersonalized(after),
        app.claimed(after, record_id),
        app.released(after)
        if draw(st.booleans())
        else app.switched(after, draw(st.booleans()), draw(st.none() | st.booleans())),
        app.subscribed(after, on),
        app.started(after, draw(st.sampled_from([None, "2"])), 5)
        if after <= 14
        else app.personalized(after, None, "7"),
        app.activity(after, user, digest) if draw(st.booleans()) else app.activity_ended(after, user),
        app.startable(after, user, digest) if draw(st.booleans()) else app.not_startable(after, user),
        app.retired(after, digest, draw(st.none() | st.integers(1, 40)), slot),
        app.revoked(after),
        app.replaced(after, "i-9") if draw(st.booleans()) else app.waiting(after, digest),
    ]
    words = [made[1], made[7].replace(proof=None), app.switched(after, draw(st.booleans())), made[11]]
    made.append(app.imported(after, draw(st.sampled_from(words))))
    return made[kind]
