"""The template of a mailing as it was accepted when the mailing was made, with today's senders and defaults."""

from schemas import lossless
from schemas.application_events import PartnerChanged
from services.ingest.mailing.model import CANNOT_OPEN, Mailing
from services.ingest.mailing.rules.draft import draft
from services.ingest.mailing.rules.template import Template
from services.ingest.rules import Refused
from services.runtime.directory import Directory


class CannotContinue(Exception):
    """The mailing cannot go on as it is; the text says why."""


def compiled(mailing: Mailing, directory: Directory) -> tuple[Template, PartnerChanged]:
    """The template and the mailing's partner. Raises CannotContinue."""
    partner = directory.enabled_partner(mailing.partner_id)
    if partner is None:
        raise CannotContinue("the partner is switched off")
    if not mailing.is_readable:
        raise CannotContinue(CANNOT_OPEN)
    try:
        raw = lossless.loads(mailing.definition)
        return Template(draft(raw, partner, directory, mailing.created_at, is_stored=True)), partner
    except Refused as refused:
        raise CannotContinue(refused.refusal.detail) from None


class CurrentTemplate:
    """The template of one mailing, compiled again when the directory or the mailing's definition has changed."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._basis = (-1, "")
        self._compiled: tuple[Template, PartnerChanged] | None = None

    def of(self, mailing: Mailing) -> tuple[Template, PartnerChanged]:
        """Raises CannotContinue."""
        basis = self._directory.version, mailing.definition  # which changes when somebody is erased
        if self._compiled is None or basis != self._basis:
            self._compiled = compiled(mailing, self._directory)
            self._basis = basis
        return self._compiled
