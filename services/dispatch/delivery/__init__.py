"""The way of a push from its record to its outcome; `work.py` shows its three steps.

`senders.py` keeps the open sender of each application, `sender_watch.py` its health. Broadcasts, which go out under the
same keys, share both.
"""

from services.dispatch.delivery.attempts_store import Attempts
from services.dispatch.delivery.hold import hold_of, paused
from services.dispatch.delivery.sender_health import STOPPED
from services.dispatch.delivery.sender_watch import SenderWatch
from services.dispatch.delivery.senders import Senders
from services.dispatch.delivery.wiring import Delivery, open_delivery

__all__ = ["STOPPED", "Attempts", "Delivery", "SenderWatch", "Senders", "hold_of", "open_delivery", "paused"]
