"""Dead letters, for operators: listed, looked at, sent again or let go."""

from services.registry.dead_letters.routes import dead_letter_routes
from services.registry.dead_letters.service import names as topics_with_letters
from services.registry.dead_letters.store import Marks
from services.registry.dead_letters.wiring import open_dead_letters

__all__ = ["Marks", "dead_letter_routes", "open_dead_letters", "topics_with_letters"]
