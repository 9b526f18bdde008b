"""The ways to prove who is calling, as the OpenAPI documents name them. The checks are elsewhere, beside each name."""

from fastapi import Request
from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBase
from fastapi.security.base import SecurityBase


class Named(SecurityBase):
    """Only tells OpenAPI which scheme a route has."""

    def __init__(self, name: str, model: HTTPBase | APIKey) -> None:
        self.model, self.scheme_name = model, name

    async def __call__(self, request: Request) -> None:
        return None


def _header(name: str, description: str) -> APIKey:
    return APIKey.model_validate({"in": APIKeyIn.header, "name": name, "description": description})


PARTNER = Named("partner", HTTPBase(scheme="basic", description="a partner's login and password"))
OPERATOR = Named("operator", HTTPBase(scheme="bearer", description="an operator's token, on the operators' listener"))
SESSION = Named(
    "session",
    APIKey.model_validate(
        {
            "in": APIKeyIn.cookie,
            "name": "rpns-session",
            "description": "of the console, with the header X-RPNS-Console; over https its name begins with __Host-",
        }
    ),
)
BATCH_KEY = Named("batchKey", _header("Authorization", "Key <key of a partner for packets>"))
APPLICATION = Named("application", _header("X-Api-Key", "an API key of the application"))
INSTALLATION = Named("installation", HTTPBase(scheme="bearer", description="the credential given at install"))
HUAWEI = Named("huawei", _header("X-HUAWEI-CALLBACK-ID", "Huawei's signature, under the secret set for its receipts"))
