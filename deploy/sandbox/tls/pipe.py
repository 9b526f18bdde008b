"""TLS for one server connection without I/O: encrypted bytes in, plain bytes out, and back.

The TLS transports of asyncio and uvloop cost more than all else that the sandbox does for a request (bare
replies per CPU-second under uvloop: 12,600 with `ssl=`, 34,000 with this).
"""

import ssl

_READ_BYTES = 16 << 10  # one TLS record


class TlsPipe:
    """One connection's TLS state; after every call send `output()` to the peer."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._established = False
        self.ended = False  # the peer has said that it sends no more

    def receive(self, encrypted: bytes) -> bytes:
        """The plain bytes that have become readable; ssl.SSLError when the peer does not speak our TLS."""
        self._incoming.write(encrypted)
        if not self._established and not self._handshake():
            return b""
        chunks: list[bytes] = []
        while self._incoming.pending or self._tls.pending():
            try:
                chunk = self._tls.read(_READ_BYTES)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                chunk = b""
            if not chunk:
                self.ended = True
                break
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def send(self, plain: bytes) -> None:
        self._tls.write(plain)

    def close(self) -> None:
        """Puts the end of the TLS stream into the output, so that the peer does not take it for a cut."""
        if not self._established:
            return
        try:
            self._tls.unwrap()
        except ssl.SSLError:
            return  # the peer's own goodbye is not awaited

    def output(self) -> bytes:
        return self._outgoing.read() if self._outgoing.pending else b""

    def _handshake(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self._established = True
        return True
