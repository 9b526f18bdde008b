"""A list that comes compressed (`Content-Encoding: gzip`), unpacked as it comes: little memory, however long it is."""

import asyncio
import zlib
from collections.abc import AsyncIterator

from services.runtime.lists.lines import ListFault

MOST_BYTES = 4 * 1024**3
"""Of an unpacked list: a few kilobytes may claim to be more than anybody has people for."""
_PIECE = 64 * 1024
_GZIP = 31  # zlib's number for the format


async def unpacked(body: AsyncIterator[bytes], most: int = MOST_BYTES) -> AsyncIterator[bytes]:
    """The pieces of the list; others get their turn between them. Raises ListFault."""
    member, left, began = zlib.decompressobj(_GZIP), most, False
    async for packed in body:
        while packed:
            if member.eof:  # archives may stand one behind the other, as `cat` leaves them
                member = zlib.decompressobj(_GZIP)
            began = True
            try:
                piece = member.decompress(packed, _PIECE)
            except zlib.error:
                raise ListFault("list", "is not gzip, as Content-Encoding says, or is damaged") from None
            left -= len(piece)
            if left < 0:
                raise ListFault("list", f"must be at most {most} bytes once it is unpacked: divide it")
            packed = member.unused_data if member.eof else member.unconsumed_tail
            if piece:
                yield piece
                await asyncio.sleep(0)
    if began and not member.eof:
        raise ListFault("list", "ends in the middle of its gzip")
