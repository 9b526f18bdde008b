"""The steps of `rpns setup`. Each looks first what is there, and does only what is missing: all of it may be repeated.

application ─▶ its credentials with a provider ─▶ partner ─▶ its sender, for the application ─▶ its default sender
"""

from dataclasses import dataclass, field
from typing import Any

from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway, Refused, path
from deploy.cli.options import given
from deploy.cli.words import phrase

Json = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What is to be there afterwards. No password: one is drawn."""

    partner: str
    application: str
    name: str
    provider: str
    credentials: Json | None
    sender: str
    password: str | None = None
    report_url: str | None = None
    bundle: str | None = None


@dataclass
class Done:
    """What is there, for machines; which of it was made now, and what was drawn and is shown this once."""

    application: Json = field(default_factory=dict)
    credentials: Json = field(default_factory=dict)
    partner: Json = field(default_factory=dict)
    sender: Json = field(default_factory=dict)
    made: list[str] = field(default_factory=list)


class Step:
    """One of them: `line` says what came of it, `secrets` (title: value) what is shown this once."""

    def __init__(self, line: str, secrets: dict[str, str] | None = None) -> None:
        self.line, self.secrets = line, secrets or {}


def application(gateway: Gateway, wanted: Wanted, done: Done) -> Step:
    """Raises Fault."""
    own = wanted.application
    found = _there(gateway, f"/v1/applications{path(own)}")
    if found is not None:
        done.application = found
        return Step(phrase("application {application} was there before", application=own))
    if wanted.provider == "apns" and not (wanted.bundle or (wanted.credentials or {}).get("topic")):
        raise Fault(phrase("APNs needs the app's bundle: give --bundle, or credentials that name a topic"))
    body = {"applicationId": own, "name": wanted.name, **given(bundle=wanted.bundle)}
    done.application = gateway.call("POST", "/v1/applications", body)
    done.made.append("application")
    return Step(
        phrase("application {application} is created", application=own), {phrase("API key"): done.application["apiKey"]}
    )


def credentials(gateway: Gateway, wanted: Wanted, done: Done) -> Step:
    """Those that are there stay: what is in a file may be older. Raises Fault."""
    own = f"/v1/applications{path(wanted.application, 'credentials')}"
    names = {"application": wanted.application, "provider": wanted.provider}
    there = next((entry for entry in gateway.call("GET", own) if entry["provider"] == wanted.provider), None)
    if there is not None:
        done.credentials = there
        return Step(phrase("credentials of {application} with {provider} were there before", **names))
    if wanted.credentials is None:
        raise Fault(phrase("{application} has no credentials with {provider}: give --credentials", **names))
    done.credentials = gateway.call("PUT", f"{own}{path(wanted.provider)}", wanted.credentials)
    done.made.append("credentials")
    fingerprint = done.credentials["fingerprint"]
    text = "credentials of {application} with {provider}, fingerprint {fingerprint}"
    return Step(phrase(text, **names, fingerprint=fingerprint))


def partner(gateway: Gateway, wanted: Wanted, done: Done) -> Step:
    """Raises Fault where the login is another partner's."""
    found = _there(gateway, f"/v1/partners{path(wanted.partner)}")
    if found is not None:
        done.partner = found
        return Step(
            phrase("partner {partner} was there before, login {login}", partner=wanted.partner, login=found["login"])
        )
    body = {"login": wanted.partner, **given(password=wanted.password, reportUrl=wanted.report_url)}
    done.partner = gateway.call("POST", "/v1/partners", body)
    done.made.append("partner")
    if wanted.password:
        done.partner["password"] = None  # it is not shown again
    secrets = {} if wanted.password else {phrase("password"): done.partner["password"]}
    return Step(
        phrase("partner {partner} is created, login {login}", partner=wanted.partner, login=wanted.partner), secrets
    )


def sender(gateway: Gateway, wanted: Wanted, done: Done) -> Step:
    """Raises Fault where it stands for another application."""
    own = f"/v1/partners{path(wanted.partner, 'senders')}"
    names = {"sender": wanted.sender, "partner": wanted.partner, "application": wanted.application}
    there = next((entry for entry in gateway.call("GET", own) if entry["serviceNumber"] == wanted.sender), None)
    if there is None:
        body = {"applicationId": wanted.application, "enabled": True}
        done.sender = gateway.call("PUT", f"{own}{path(wanted.sender)}", body)
        done.made.append("sender")
        return Step(phrase("sender {sender} of {partner} stands for application {application}", **names))
    if there["applicationId"] != wanted.application:
        other = there["applicationId"] or "–"
        text = "sender {sender} of {partner} stands for {other}; `rpns senders create --replace` changes it"
        raise Fault(phrase(text, sender=wanted.sender, partner=wanted.partner, other=other))
    done.sender = there
    return Step(phrase("sender {sender} of {partner} was there before", sender=wanted.sender, partner=wanted.partner))


def default_sender(gateway: Gateway, wanted: Wanted, done: Done) -> Step:
    """Another that was chosen before stays. Raises Fault."""
    chosen = done.partner.get("defaultSender")
    names = {"sender": chosen or wanted.sender, "partner": wanted.partner}
    if chosen == wanted.sender:
        return Step(phrase("{sender} was the default sender of {partner} before", **names))
    if chosen:
        text = "{sender} stays the default sender of {partner}; `rpns partners change --default-sender` changes it"
        return Step(phrase(text, **names))
    changed = gateway.call("PATCH", f"/v1/partners{path(wanted.partner)}", {"defaultSender": wanted.sender})
    drawn = {"password": done.partner["password"]} if done.partner.get("password") else {}
    done.partner = {**changed, **drawn}
    done.made.append("defaultSender")
    return Step(phrase("{sender} is the default sender of {partner}", **names))


STEPS = (application, credentials, partner, sender, default_sender)


def _there(gateway: Gateway, where: str) -> Json | None:
    try:
        found: Json = gateway.call("GET", where)
    except Refused as refused:
        if refused.status == 404:
            return None
        raise
    return found
