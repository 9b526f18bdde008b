"""The credential of an installation, which proves itself."""

import base64

import pytest

from services.runtime.crypto.master_key import Secrets

OLD, NEW = (base64.b64encode(bytes([fill]) * 32).decode() for fill in (0, 1))
INSTALLATION = "00000000-0000-4000-8000-000000000001"
FORMER = "7d901a70.gsT-mlUz7-apcgwoIM3IAGzdsuTsRes3Gd0_O_vuBu8"
"""As it was issued under OLD for the proof `ab…ab` before credentials proved themselves."""


def test_it_names_its_application() -> None:
    secrets = Secrets(OLD)
    credential = secrets.credential(INSTALLATION, "com.example.app")
    assert secrets.application_of(credential, INSTALLATION) == "com.example.app"


def test_it_is_the_same_however_often_it_is_asked_for() -> None:
    assert Secrets(OLD).credential(INSTALLATION, "app") == Secrets(OLD).credential(INSTALLATION, "app")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "x",
        lambda text: text.replace(".app", ".other"),
        lambda text: text.rpartition(".")[0],
        lambda text: text.upper(),
        lambda text: "",
        lambda text: "..",
        lambda text: f"{text.partition('.')[0]}..app",
        lambda text: f"{text.partition('.')[0]}.é.app",
        lambda text: "00000000." + text.partition(".")[2],
    ],
)
def test_a_changed_credential_is_none(change: object) -> None:
    secrets = Secrets(OLD)
    changed = change(secrets.credential(INSTALLATION, "app"))  # type: ignore[operator]
    assert secrets.application_of(changed, INSTALLATION) is None


def test_a_credential_is_no_other_installations() -> None:
    secrets = Secrets(OLD)
    assert secrets.application_of(secrets.credential(INSTALLATION, "app"), INSTALLATION[:-1] + "2") is None


def test_it_holds_while_its_master_key_is_an_old_one_and_not_longer() -> None:
    credential = Secrets(OLD).credential(INSTALLATION, "app")
    assert Secrets(NEW, OLD).application_of(credential, INSTALLATION) == "app"
    assert Secrets(NEW).application_of(credential, INSTALLATION) is None


def test_former_credentials_still_hold_for_the_proof_that_they_were_issued_for() -> None:
    for secrets in (Secrets(OLD), Secrets(NEW, OLD)):
        assert secrets.former_credential_holds(FORMER, INSTALLATION, "ab" * 32)
        assert not secrets.former_credential_holds(FORMER, INSTALLATION, "cd" * 32)
        assert secrets.application_of(FORMER, INSTALLATION) is None
