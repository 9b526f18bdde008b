"""What AppGallery Connect gives out, and the sandbox accepts."""

import base64
import secrets

from pydantic import Field

from deploy.sandbox.keys import Frozen, Secret, digits


class HmsCredentials(Frozen):
    app_id: str
    """client id of the token endpoint, and the path of /v1/{appId}/messages:send"""
    project_id: str
    """the path of /v2/{projectId}/messages:send"""
    client_secret: str
    callback_user: str = "rpns"
    callback_secret: str = Field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())
    """signs receipts: what AppGallery Connect shows beside the receipt address"""


SECRET = Secret(
    HmsCredentials,
    lambda made, start: HmsCredentials(app_id=digits(9), project_id=digits(18), client_secret=secrets.token_hex(32)),
)
