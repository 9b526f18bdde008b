"""A stream that runs already, so that what it holds is given back."""

from collections.abc import AsyncIterator
from typing import Generic, TypeVar

_T = TypeVar("_T")


class StartedStream(Generic[_T]):
    """A stream that runs already: it gives back what it holds however it ends, even if nobody reads it."""

    def __init__(self, first: _T, rest: AsyncIterator[_T]) -> None:
        self._first, self._rest = first, rest

    async def __aiter__(self) -> AsyncIterator[_T]:
        yield self._first
        async for piece in self._rest:
            yield piece


async def started_stream(pieces: AsyncIterator[_T]) -> StartedStream[_T]:
    """Start a stream by reading its first piece. Raises what that raises."""
    return StartedStream(await anext(pieces), pieces)
