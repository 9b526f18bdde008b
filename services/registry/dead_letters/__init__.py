"""Dead letters, for operators: listed, looked at, sent again or let go."""

from services.registry.dead_letters.routes import dead_letter_routes
from services.registry.dead_letters.wiring import open_dead_letters

__all__ = ["dead_letter_routes", "open_dead_letters"]
