"""Whether two installations are of the same device and the same owner, by what they say of themselves. Pure."""

from schemas.providers import Platform
from services.registry.devices.fold.state import Owner

_PLACEHOLDERS = frozenset({"unknown", "null", "none", "undefined", "nil", "9774d56d682e549c", *Platform})


def is_same_person(owner: Owner, other: Owner) -> bool:
    """Whether both are the same person: by user id where both have one, else by phone."""
    if owner.external_user_id is not None and other.external_user_id is not None:
        return owner.external_user_id == other.external_user_id
    return owner.phone is not None and owner.phone == other.phone


def tells_devices_apart(device_id: str) -> bool:
    """False for what systems and apps give in place of an id: zeros, placeholders, a constant of old Androids."""
    text = device_id.strip().lower()
    return text not in _PLACEHOLDERS and len({letter for letter in text if letter.isalnum()}) > 1
