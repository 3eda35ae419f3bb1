"""A socket that is read and written without ever waiting, in the clear or through TLS."""

import ssl
from collections.abc import Iterator, Sequence
from socket import socket

_WAITING = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_JOINED = 262_144  # bytes up to which one write is cheaper than saving a copy


class Channel:
    """Keeps what the other side has not yet taken; whoever owns it listens to the socket."""

    def __init__(self, connected: socket) -> None:
        """Take over a socket that does not block."""
        self.socket = connected
        self.is_tls = isinstance(connected, ssl.SSLSocket)
        self.owed = 0  #: bytes to go to the mark that was set with `write`
        self._waiting: list[memoryview] = []

    @property
    def is_full(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._waiting)

    def write(self, parts: Sequence[bytes], *, mark: int = 0) -> bool:
        """Write, or keep what cannot be written yet; `mark` sets `owed`. See `flush`."""
        self.owed = mark or self.owed
        if len(parts) > 1 and sum(map(len, parts)) <= _JOINED:
            parts = [b"".join(parts)]
        self._waiting += map(memoryview, parts)
        return self.flush()

    def flush(self) -> bool:
        """Write what can be; return whether that was all. Raises `OSError`."""
        try:
            while self._waiting:
                first = self._waiting[0]
                sent = self.socket.send(first)
                self.owed = max(0, self.owed - sent)
                if sent == len(first):
                    del self._waiting[0]
                else:
                    self._waiting[0] = first[sent:]
        except _WAITING:
            return False
        return True

    def read(self) -> Iterator[bytes]:
        """Yield what has come, and nothing but b"" once the other side has closed.

        Raises `OSError`.
        """
        try:
            while data := self.socket.recv(65_536):
                yield data
                # what TLS has already read, no selector tells of
                if not (isinstance(self.socket, ssl.SSLSocket) and self.socket.pending()):
                    return
            yield b""
        except _WAITING:
            return

    def close(self) -> None:
        """Close at once and forget what waits."""
        self._waiting = []
        self.socket.close()
