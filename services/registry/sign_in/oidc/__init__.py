"""Sign-in at the company's login: OpenID Connect, authorization code with PKCE.

GET /v1/session/oidc ─▶ the login ─▶ GET /v1/session/oidc/callback ─▶ code ─▶ ID token ─▶ account, session
"""

from services.registry.sign_in.oidc.accounts import is_of_login
from services.registry.sign_in.oidc.door import Door
from services.registry.sign_in.oidc.routes import oidc_routes
from services.registry.sign_in.oidc.wiring import open_oidc

__all__ = ["Door", "is_of_login", "oidc_routes", "open_oidc"]
