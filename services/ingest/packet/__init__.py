"""`POST /v3/batch`: up to 3,000 messages. `answer.py` answers a packet, `rules.py` judges its messages."""

from services.ingest.packet.answer import PacketService
from services.ingest.packet.endpoint import PACKET_PATH, PacketEndpoint

__all__ = ["PACKET_PATH", "PacketEndpoint", "PacketService"]
