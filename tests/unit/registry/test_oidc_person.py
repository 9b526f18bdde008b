"""Who an ID token is about, and what the groups in it allow."""

from typing import Any

import pytest

from services.registry.sign_in.oidc.accounts import account_id_of, is_of_login
from services.registry.sign_in.oidc.person import Claims, Person, person_of
from services.registry.sign_in.oidc.refusals import SignInRefused
from services.runtime.access.oidc.roles import roles_of

ROLES = roles_of("rpns-admins=admin,helpdesk=support,everybody=read")
CLAIMS = {"sub": "4711", "preferred_username": "ops", "email": "ops@bank.example", "groups": ["helpdesk"]}


def person(
    claims: dict[str, Any], groups: str = "groups", names: tuple[str, ...] = ("preferred_username", "email")
) -> Person:
    return person_of(claims, Claims(groups, names, ROLES))


def refused(claims: dict[str, Any], groups: str = "groups") -> tuple[str, str]:
    with pytest.raises(SignInRefused) as found:
        person(claims, groups)
    return found.value.reason, found.value.claim


def test_a_person_has_the_scopes_of_all_groups_that_have_one() -> None:
    assert person(CLAIMS) == Person("4711", "oidc:ops", ("support",))
    assert person(CLAIMS | {"groups": ["everybody", "x", "rpns-admins", "helpdesk"]}).scopes == (
        "read",
        "support",
        "admin",
    )
    assert person(CLAIMS | {"groups": "helpdesk"}).scopes == ("support",)


def test_groups_may_lie_deeper_or_under_a_name_with_dots() -> None:
    assert person(CLAIMS | {"realm_access": {"roles": ["everybody"]}}, "realm_access.roles").scopes == ("read",)
    assert person(CLAIMS | {"https://bank.example/groups": ["everybody"]}, "https://bank.example/groups").scopes == (
        "read",
    )
    assert refused(CLAIMS | {"realm_access": ["roles"]}, "realm_access.roles") == ("no-groups", "realm_access.roles")


@pytest.mark.parametrize("groups", [None, 7, True, {"helpdesk": 1}])
def test_whoever_has_no_groups_is_told_the_claim(groups: object) -> None:
    assert refused(CLAIMS | {"groups": groups}) == ("no-groups", "groups")


@pytest.mark.parametrize("groups", [[], ["x"], "", [["helpdesk"]], ["HELPDESK"], [7], "helpdesk x"])
def test_whoever_has_no_group_with_a_scope_gets_nothing(groups: object) -> None:
    assert refused(CLAIMS | {"groups": groups}) == ("no-role", "groups")


def test_the_first_claim_with_a_name_counts() -> None:
    assert person(CLAIMS | {"preferred_username": ""}).name == "oidc:ops@bank.example"
    assert person(CLAIMS, names=("upn", "email")).name == "oidc:ops@bank.example"


@pytest.mark.parametrize("name", [None, "", "   ", "a\nb", "a\u202eb", "a\x00", "x" * 101, 7, ["ops"]])
def test_a_name_that_cannot_be_told_is_none(name: object) -> None:
    found = {**CLAIMS, "preferred_username": name, "email": name}
    assert refused(found) == ("no-name", "preferred_username, email")


def test_an_address_that_the_login_has_not_verified_is_no_name() -> None:
    assert refused({**CLAIMS, "preferred_username": None, "email_verified": False})[0] == "no-name"
    assert person({**CLAIMS, "preferred_username": None, "email_verified": True}).name == "oidc:ops@bank.example"


def test_an_account_is_a_persons_at_one_login() -> None:
    first = account_id_of("https://a.example", "4711")
    assert is_of_login(first)
    assert first == account_id_of("https://a.example", "4711")
    assert first != account_id_of("https://a.example", "4712")
    assert account_id_of("https://a.example/x", "y") != account_id_of("https://a.example", "x/y")
    assert not is_of_login("0190a5c4-1111-7abc-8def-001122334455")
