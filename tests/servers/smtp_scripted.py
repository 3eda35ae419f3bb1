"""A mail server that follows a script, for what no good server would ever do."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


class Guest:
    """The other side of one connection."""

    def __init__(self, connection: socket.socket, number: int) -> None:
        self.socket, self.number = connection, number
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = connection.makefile("rb")

    def say(self, *lines: str) -> None:
        """Send lines."""
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hear(self) -> str:
        """Read one command; empty when the guest has left."""
        return self._reader.readline().decode().strip()

    def hello(self, *features: str) -> None:
        """Greet and answer EHLO."""
        self.say("220 here")
        assert self.hear().upper().startswith("EHLO")
        self.say("250-here", *(f"250-{feature}" for feature in features), "250 HELP")

    def envelope(self) -> str:
        """Read MAIL, RCPT and DATA, all at once; return the address, empty when nobody is left."""
        address = ""
        while (command := self.hear()) and command != "DATA":
            if command.startswith("RCPT"):
                address = command.partition("<")[2].rstrip(">")
        return address if command else ""

    def mail(self) -> bytes:
        """Read a mail to its final dot."""
        lines = []
        while (line := self._reader.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)

    def leave(self) -> None:
        """Hang up."""
        self._reader.close()
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@dataclass
class Scripted:
    """Where the server is, and what went wrong in its scripts."""

    port: int
    guests: int = 0
    failures: list[Exception] = field(default_factory=list)


@contextmanager
def scripted_server(script: Callable[[Guest], None]) -> Iterator[Scripted]:
    """Run the script for every connection, each in a thread; it hangs up at the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Scripted(port=listener.getsockname()[1])
    threads: list[threading.Thread] = []
    guests: list[Guest] = []

    def serve(guest: Guest) -> None:
        try:
            script(guest)
        except OSError:
            pass  # the guest hung up
        except Exception as error:
            server.failures.append(error)
        finally:
            guest.leave()

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.guests += 1
                guest = Guest(connection, server.guests)
                guests.append(guest)
                threads.append(threading.Thread(target=serve, args=(guest,)))
                threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        for guest in guests:
            with suppress(OSError):
                guest.socket.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)
    assert not server.failures, server.failures
