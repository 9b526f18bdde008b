"""What the audit trail is told of mailings: how they are set up and how long their lists are, not who is on these."""

from services.ingest.mailing.model import Mailing
from services.runtime.access.audit import note_change

_FIELDS = ("state", "name", "definition", "rate_per_s", "on_bad_lines", "on_repeated", "start_at")


def note_mailing(mailing: Mailing, before: Mailing | None) -> None:
    """It was made, changed, or left as it was."""
    note_change(f"mailing/{mailing.mailing_id}", _state(before), _state(mailing))


def note_list(before: Mailing, after: Mailing | None) -> None:
    """Its list has grown; `after` None: it is gone."""
    note_change(f"mailing/{before.mailing_id}/recipients", _list(before), {} if after is None else _list(after))


def _state(mailing: Mailing | None) -> dict[str, object]:
    return {} if mailing is None else {name: getattr(mailing, name) for name in _FIELDS}


def _list(mailing: Mailing) -> dict[str, object]:
    return {"accepted": mailing.accepted, "refused": mailing.refused, "is_complete": mailing.is_complete}
