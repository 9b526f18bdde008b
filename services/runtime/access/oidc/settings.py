"""The settings of operators' sign-in at their company's login, and what does not go together."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.runtime.access.oidc.addresses import fault_of_address
from services.runtime.access.oidc.roles import roles_of
from services.runtime.text.setting import setting

_OPENID = "openid"


@dataclass(frozen=True, kw_only=True)
class OidcSettings:
    """Off where no issuer is named."""

    operators_url: str = setting(
        "",
        "RPNS_OPERATORS_URL",
        "the operators' address as browsers reach it (https://push.example.org): the company's login leads back there",
    )
    oidc_issuer: str = setting(
        "", "RPNS_OIDC_ISSUER", "the company's login (OpenID Connect) at which operators sign in; empty: none"
    )
    oidc_client_id: str = setting("", "RPNS_OIDC_CLIENT_ID", "what that login knows the console as")
    oidc_client_secret: str = setting("", "RPNS_OIDC_CLIENT_SECRET", "its secret")
    oidc_scopes: str = setting("openid profile email", "RPNS_OIDC_SCOPES", "what is asked for, blanks between")
    oidc_groups_claim: str = setting(
        "groups", "RPNS_OIDC_GROUPS_CLAIM", "claim of the ID token that holds groups; a.b is b within a"
    )
    oidc_roles: str = setting(
        "",
        "RPNS_OIDC_ROLES",
        "group=scope, commas between (semicolons where groups hold commas); scopes: read, support, operator, admin",
    )
    oidc_name_claims: tuple[str, ...] = setting(
        ("preferred_username", "email"),
        "RPNS_OIDC_NAME_CLAIMS",
        "claims that may hold the person's name for the audit trail, commas between; the first that is there counts",
    )
    oidc_label: str = setting(
        "", "RPNS_OIDC_LABEL", "what the console's sign-in calls it: Sign in with <label>; empty: your company's login"
    )
    oidc_ca_file: str = setting("", "RPNS_OIDC_CA_FILE", "PEM of a CA of that login's, besides the system's")


def faults_of_oidc(settings: OidcSettings) -> Iterator[str]:
    """What is wrong, by the names of variables. What is given without an issuer would be believed to be on."""
    needed = [
        ("RPNS_OPERATORS_URL", settings.operators_url),
        ("RPNS_OIDC_CLIENT_ID", settings.oidc_client_id),
        ("RPNS_OIDC_CLIENT_SECRET", settings.oidc_client_secret),
        ("RPNS_OIDC_ROLES", settings.oidc_roles),
    ]
    if not settings.oidc_issuer:
        yield from (f"{name}: is of use only where RPNS_OIDC_ISSUER is set" for name, value in needed[1:] if value)
        return
    if settings.operators_url and (fault := fault_of_address(settings.operators_url, has_path=False)):
        yield f"RPNS_OPERATORS_URL: {fault}"
    if fault := fault_of_address(settings.oidc_issuer):
        yield f"RPNS_OIDC_ISSUER: {fault}"
    yield from (f"{name}: is needed where RPNS_OIDC_ISSUER is set" for name, value in needed if not value)
    if _OPENID not in settings.oidc_scopes.split():
        yield f"RPNS_OIDC_SCOPES: must hold {_OPENID}"
    if not all(settings.oidc_name_claims):
        yield "RPNS_OIDC_NAME_CLAIMS: must be names of claims"
    if settings.oidc_roles:
        try:
            roles_of(settings.oidc_roles)
        except ValueError as error:
            yield f"RPNS_OIDC_ROLES: {error}"
