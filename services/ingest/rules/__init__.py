"""The rules of every message, pure: what a body may hold, and the event that it becomes.

`message.py` decides about a request as a whole, `link.py` about one link of it, `fields.py`, `options.py` and
`live_activity.py` about its parts; `body.py` and `reading.py` read it, `errors.py` says how a rule refuses.
"""

from services.ingest.rules.address import (
    FIRST_MARK,
    LAST_MARK,
    LINK,
    MARK,
    filled_url,
    options_of_button,
    rich_addresses,
    shown_url_of,
)
from services.ingest.rules.all_faults import add_all, with_all
from services.ingest.rules.body import (
    ChannelData,
    LinkBody,
    MessageBody,
    PushData,
    Request,
    Rich,
    ScheduleBody,
    SendRequest,
    Wire,
    parsed,
    violation,
)
from services.ingest.rules.errors import MOST_OTHERS, Code, Fault, Faults, Kind, Refusal, Refused, invalid
from services.ingest.rules.fields import channel_of, extra_param_of, instant_ms, notify_url_of, schedule_of
from services.ingest.rules.link import Senders, check_channel
from services.ingest.rules.live_activity import LiveActivity, live_activity_of
from services.ingest.rules.message import AcceptedMessage, accept
from services.ingest.rules.options import PLACEHOLDER, check_secure
from services.ingest.rules.plain import PlainRequest, plain_request
from services.ingest.rules.reading import not_json, read_json, read_request
from services.ingest.rules.unknown_fields import is_known, names_of, unknown_around, unknown_fields, unknown_of_packet

__all__ = [
    "FIRST_MARK",
    "LAST_MARK",
    "LINK",
    "MARK",
    "MOST_OTHERS",
    "PLACEHOLDER",
    "AcceptedMessage",
    "ChannelData",
    "Code",
    "Fault",
    "Faults",
    "Kind",
    "LinkBody",
    "LiveActivity",
    "MessageBody",
    "PlainRequest",
    "PushData",
    "Refusal",
    "Refused",
    "Request",
    "Rich",
    "ScheduleBody",
    "SendRequest",
    "Senders",
    "Wire",
    "accept",
    "add_all",
    "channel_of",
    "check_channel",
    "check_secure",
    "extra_param_of",
    "filled_url",
    "instant_ms",
    "invalid",
    "is_known",
    "live_activity_of",
    "names_of",
    "not_json",
    "notify_url_of",
    "options_of_button",
    "parsed",
    "plain_request",
    "read_json",
    "read_request",
    "rich_addresses",
    "schedule_of",
    "shown_url_of",
    "unknown_around",
    "unknown_fields",
    "unknown_of_packet",
    "violation",
    "with_all",
]
