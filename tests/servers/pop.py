"""A POP3 server to test against: one mailbox; what is deleted goes when the session ends."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.servers.imap import USER

PASSWORD = "open sesame"


@dataclass
class PopServer:
    """What the server holds, by UIDL."""

    host: str = "127.0.0.1"
    port: int = 0
    mails: dict[str, bytes] = field(default_factory=dict)
    sessions: int = 0


class _Session(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        service = self.server.service
        service.sessions += 1
        keys = list(service.mails)
        gone: set[str] = set()
        user = ""
        self.say(b"+OK ready")
        while line := self.rfile.readline():
            command, *words = line.decode().split()
            match command.upper():
                case "USER":
                    user = words[0]
                    self.say(b"+OK")
                case "PASS":
                    good = (user, " ".join(words)) == (USER, PASSWORD)
                    self.say(b"+OK" if good else b"-ERR [AUTH] wrong")
                case "UIDL":
                    rows = [f"{n} {key}".encode() for n, key in enumerate(keys, 1)]
                    self.say(b"+OK", *rows, b".")
                case "TOP":
                    mail = service.mails[keys[int(words[0]) - 1]]
                    head, _, body = mail.partition(b"\n\n")
                    lines = [*head.split(b"\n"), b"", *body.split(b"\n")[: int(words[1])]]
                    dotted = [b"." + li if li.startswith(b".") else li for li in lines]
                    self.say(b"+OK", *dotted, b".")
                case "DELE":
                    gone.add(keys[int(words[0]) - 1])
                    self.say(b"+OK")
                case "QUIT":
                    for key in gone:
                        service.mails.pop(key, None)
                    self.say(b"+OK")
                    return
                case _:
                    self.say(b"-ERR unknown")

    def say(self, *lines: bytes) -> None:
        self.wfile.write(b"\r\n".join(lines) + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, service: PopServer) -> None:
        super().__init__((service.host, 0), _Session)
        self.service = service


@contextmanager
def pop_server() -> Iterator[PopServer]:
    """Run a server in a thread on a free loopback port."""
    service = PopServer()
    with _Server(service) as server:
        service.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
