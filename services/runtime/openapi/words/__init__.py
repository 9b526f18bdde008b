"""What the fields of our APIs mean: for each model those with a meaning of their own, else by the name alone.

    messages.py      what a partner sends, and the answers
    mailings.py      mailings, their lists and forecasts, broadcast channels
    outcomes.py      what has become of messages: states, traces, statistics, packets, the in-app history
    devices.py       installations, tokens, receipts, cards
    provisioning.py  partners, applications, operators, stops, erasures, the cluster
    everywhere.py    names that mean the same in all models, and parameters

A description in the model itself, where it stands beside the field's rule, wins.
"""

from typing import Any

from services.runtime.openapi.words import devices, mailings, messages, outcomes, provisioning
from services.runtime.openapi.words.everywhere import FIELDS, PARAMETERS

MODELS = {**messages.MODELS, **mailings.MODELS, **outcomes.MODELS, **devices.MODELS, **provisioning.MODELS}


def meaning_of(model: str, field: str) -> str | None:
    """The words of a field."""
    return MODELS.get(model, {}).get(field) or FIELDS.get(field)


def parameter_meaning(name: str) -> str | None:
    """The words of a parameter of a path, a query or a header."""
    return PARAMETERS.get(name)


def described(about: dict[str, Any], words: str) -> None:
    about["description"] = words
