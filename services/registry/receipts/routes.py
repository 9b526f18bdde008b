"""`POST …/installations/{id}/receipts` as it is documented; what is usual goes by `fast_path.py`."""

from fastapi import APIRouter, Depends

from services.registry.device_api import RegistryAuth
from services.registry.devices import Device
from services.registry.http import PROBLEMS
from services.registry.receipts.bodies import ReceiptBody, ReceiptsAnswer, ReceiptsBody
from services.registry.receipts.service import ReceiptService


def receipt_routes(receipts: ReceiptService, auth: RegistryAuth) -> APIRouter:
    """The route of receipts."""
    router = APIRouter(prefix="/sdk/api/v1/installations", tags=["device"], responses=PROBLEMS)
    own = Depends(auth.installation)
    extra = {"x-receipt": {"items": ReceiptBody.model_json_schema(by_alias=True), "type": "array"}}

    @router.post("/{installation_id}/receipts", openapi_extra=extra)
    async def post_receipts(body: ReceiptsBody, device: Device = own) -> ReceiptsAnswer:
        """Up to 500 receipts, late, unordered or repeated. Entries look like `x-receipt`; each is answered alone."""
        auth.pace.entries(device.installation_id, len(body.receipts))
        return await receipts.take(device.installation_id, body)

    return router
