"""What the environment may say, and what is refused with the name of the variable."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime.settings import BadSettings, Settings


def test_a_process_works_on_both_lanes_unless_told_otherwise() -> None:
    assert Settings.from_environment({}).lanes == ("single", "bulk")
    assert Settings.from_environment({"RPNS_LANES": ""}).lanes == ("single", "bulk")
    assert Settings.from_environment({"RPNS_LANES": "bulk"}).lanes == ("bulk",)
    assert Settings.from_environment({"RPNS_LANES": "bulk, single"}).lanes == ("bulk", "single")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RPNS_LANES", "fast"),
        ("RPNS_LANES", "single,"),
        ("RPNS_LANES", "bulk,bulk"),
        ("RPNS_NICENESS", "-1"),
        ("KAFKA_PARTITIONS", "0"),
        ("KAFKA_PARTITIONS", "many"),
        ("RPNS_PORT", "65536"),
        ("RPNS_PORT", "1.5"),
        ("RPNS_SHUTDOWN_S", "0"),
        ("RPNS_SHUTDOWN_S", "nan"),
        ("RPNS_ALLOW_WEAK_SECRETS", "2"),
        ("KAFKA_SECURITY_PROTOCOL", "ssl"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_name(variable: str, value: str) -> None:
    with pytest.raises(BadSettings, match=variable):
        Settings.from_environment({variable: value})


def test_a_setting_may_lie_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a-token-of-thirty-two-characters\n")
    given = {"RPNS_ADMIN_TOKEN_FILE": str(secret), "PROVIDER_CA_FILE": "/ca.pem"}
    settings = Settings.from_environment(given)
    assert (settings.admin_token, settings.provider_ca_file) == ("a-token-of-thirty-two-characters", "/ca.pem")
    secret.write_text("")
    assert Settings.from_environment(given).admin_token == ""


def test_a_file_that_is_away_or_one_of_two_values_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="RPNS_MASTER_KEY_FILE: cannot be read"):
        Settings.from_environment({"RPNS_MASTER_KEY_FILE": str(tmp_path / "none")})
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(BadSettings, match="RPNS_MASTER_KEY_FILE: cannot be read"):
        Settings.from_environment({"RPNS_MASTER_KEY_FILE": str(tmp_path / "binary")})
    with pytest.raises(BadSettings, match="MONGO_URL: given twice"):
        Settings.from_environment({"MONGO_URL": "mongodb://a", "MONGO_URL_FILE": str(tmp_path)})


def test_a_short_admin_token_is_refused_by_name_but_where_weak_secrets_are_allowed() -> None:
    short = {"RPNS_ADMIN_TOKEN": "x" * 31}
    with pytest.raises(BadSettings, match=r"^RPNS_ADMIN_TOKEN: .*at least 32 characters$"):
        Settings.from_environment(short)
    assert Settings.from_environment(short | {"RPNS_ALLOW_WEAK_SECRETS": "1"}).admin_token == "x" * 31
    assert Settings.from_environment({"RPNS_ADMIN_TOKEN": "x" * 32}).admin_token == "x" * 32
    assert Settings.from_environment({"RPNS_ADMIN_TOKEN": ""}).admin_token == ""


@pytest.mark.parametrize(("text", "value"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("false", False)])
def test_a_switch_is_said_in_the_usual_ways(text: str, value: bool) -> None:
    assert Settings.from_environment({"RPNS_ALLOW_WEAK_SECRETS": text}).allow_weak_secrets is value


def test_numbers_are_read_as_their_field_says() -> None:
    settings = Settings.from_environment({"RPNS_PORT": " 8080 ", "RPNS_SHUTDOWN_S": "0.5"})
    assert (settings.port, settings.shutdown_s) == (8080, 0.5)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(BadSettings, match=r"^KAFKA_PARTITIONS: must be at least 1; RPNS_PORT: must be a whole number$"):
        Settings.from_environment({"RPNS_PORT": "x", "KAFKA_PARTITIONS": "0"})


def test_a_service_without_an_api_loads_no_web_framework_and_no_pydantic() -> None:
    """They would be a third of its memory."""
    code = "import sys, services.router.__main__; print({'fastapi', 'pydantic', 'aiohttp', 'rich'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
