"""What Google's console gives out, and the sandbox accepts."""

import secrets

from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.sandbox.keys import PROJECT_ID, Frozen, Secret, Start, digits, pem

_NOWHERE = "https://localhost/token"


class FcmServiceAccount(Frozen):
    """The JSON file of a Google service account, with the keys a client needs."""

    type: str = "service_account"
    project_id: str
    private_key_id: str
    private_key: str
    """PKCS#8 PEM, RSA 2048"""
    client_email: str
    client_id: str
    token_uri: str


def make_service_account(token_uri: str) -> FcmServiceAccount:
    return FcmServiceAccount(
        project_id=PROJECT_ID,
        private_key_id=secrets.token_hex(20),
        private_key=pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        client_email=f"sender@{PROJECT_ID}.iam.gserviceaccount.com",
        client_id=digits(21),
        token_uri=token_uri,
    )


def _token_uri(start: Start) -> str:
    return start.addresses.get("fcm_token", _NOWHERE)


SECRET = Secret(
    FcmServiceAccount,
    lambda made, start: make_service_account(_token_uri(start)),
    lambda kept, start: kept.model_copy(update={"token_uri": _token_uri(start)}),
)
