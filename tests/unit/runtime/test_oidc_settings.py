"""What the settings of the company's login may be, and what is refused by its name."""

import pytest

from services.runtime.access.oidc.addresses import is_private_way
from services.runtime.access.oidc.roles import roles_of, scopes_of
from services.runtime.settings import BadSettings, Settings

WHOLE = {
    "RPNS_OPERATORS_URL": "https://push.example.org",
    "RPNS_OIDC_ISSUER": "https://login.example.org/realms/bank",
    "RPNS_OIDC_CLIENT_ID": "rpns",
    "RPNS_OIDC_CLIENT_SECRET": "s",
    "RPNS_OIDC_ROLES": "rpns-admins=admin,helpdesk=support",
}


def test_what_a_login_needs_is_enough() -> None:
    settings = Settings.from_environment(WHOLE)
    assert settings.oidc_groups_claim == "groups"
    assert settings.oidc_name_claims == ("preferred_username", "email")
    assert Settings.from_environment({"RPNS_OPERATORS_URL": "http://10.0.0.5:8081"}).oidc_issuer == ""


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "RPNS_OIDC_ISSUER"])
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(BadSettings, match=f"^{name}: is needed where RPNS_OIDC_ISSUER is set$"):
        Settings.from_environment({**WHOLE, name: ""})


def test_a_login_without_an_issuer_is_not_silently_off() -> None:
    with pytest.raises(BadSettings, match="RPNS_OIDC_ROLES: is of use only where RPNS_OIDC_ISSUER is set"):
        Settings.from_environment({"RPNS_OIDC_ROLES": "a=admin"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RPNS_OIDC_ISSUER", "http://login.example.org"),
        ("RPNS_OIDC_ISSUER", "https://login.example.org?x=1"),
        ("RPNS_OIDC_ISSUER", "https://login.example.org/#x"),
        ("RPNS_OIDC_ISSUER", "https://user:pass@login.example.org"),
        ("RPNS_OIDC_ISSUER", "login.example.org"),
        ("RPNS_OIDC_ISSUER", " https://login.example.org"),
        ("RPNS_OPERATORS_URL", "http://push.example.org"),
        ("RPNS_OPERATORS_URL", "https://push.example.org/console"),
        ("RPNS_OPERATORS_URL", "https://push.example.org?x"),
        ("RPNS_OIDC_SCOPES", "profile email"),
        ("RPNS_OIDC_NAME_CLAIMS", "email,"),
        ("RPNS_OIDC_ROLES", "admins"),
        ("RPNS_OIDC_ROLES", "=admin"),
        ("RPNS_OIDC_ROLES", "admins=root"),
        ("RPNS_OIDC_ROLES", "admins=Admin"),
        ("RPNS_OIDC_ROLES", " , "),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=f"^{name}: "):
        Settings.from_environment({**WHOLE, name: value})


def test_the_secret_is_not_repeated() -> None:
    with pytest.raises(BadSettings) as refused:
        Settings.from_environment({"RPNS_OIDC_CLIENT_SECRET": "s3cret"})
    assert "s3cret" not in str(refused.value)


def test_a_group_may_have_several_scopes_and_hold_what_divides() -> None:
    assert roles_of("a=read, a=operator ,b=admin,") == {"a": ("read", "operator"), "b": ("admin",)}
    assert roles_of("CN=Help,OU=Groups=support;CN=Ops,OU=Groups=operator") == {
        "CN=Help,OU=Groups": ("support",),
        "CN=Ops,OU=Groups": ("operator",),
    }
    assert scopes_of(["b", "a", "c"], roles_of("a=read,a=operator,b=admin")) == ("read", "operator", "admin")


@pytest.mark.parametrize(
    ("address", "is_private"),
    [
        ("https://login.example.org/x?y", True),
        ("HTTPS://login.example.org", True),
        ("http://127.0.0.1:8080/x", True),
        ("http://[::1]/x", True),
        ("http://localhost:1/", True),
        ("http://localhost.example.org/", False),
        ("http://127.0.0.1.example.org/", False),
        ("http://10.0.0.1/", False),
        ("http://user@127.0.0.1/", False),
        ("ftp://127.0.0.1/", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_plain_http_is_for_this_machine_alone(address: str, is_private: bool) -> None:
    assert is_private_way(address) is is_private
