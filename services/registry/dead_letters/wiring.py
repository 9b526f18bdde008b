"""Opens dead letters."""

from fastapi import APIRouter

from services.registry.dead_letters.routes import dead_letter_routes
from services.registry.dead_letters.service import DeadLetterOffice
from services.registry.dead_letters.store import Marks
from services.registry.foundation import Foundation


def open_dead_letters(foundation: Foundation) -> APIRouter:
    timers = foundation.dead_letters.timers
    assert timers is not None  # the registry has a database
    office = DeadLetterOffice(foundation.process.settings, foundation.log, Marks(foundation.database), timers)
    return dead_letter_routes(office)
