"""An IMAP server to test against: one user, some folders, the abilities one gives it."""

import base64
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

USER, PASSWORD = "bounces@sirocco.example", 'pä"ss\\word'
ALL = ("IMAP4rev1", "AUTH=PLAIN", "MOVE", "UIDPLUS")


@dataclass
class Folder:
    """Mails by UID, which is never given twice."""

    mails: dict[int, bytes] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    next: int = 1

    def add(self, *mails: bytes) -> None:
        """Deliver mails, with the line ends of the wire."""
        for mail in mails:
            self.mails[self.next] = mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            self.next += 1


@dataclass
class ImapServer:
    """What the server holds, and what it was asked."""

    host: str = "127.0.0.1"
    port: int = 0
    abilities: tuple[str, ...] = ALL
    folders: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder()})
    commands: list[str] = field(default_factory=list)
    hang_up_at: str = ""  #: a command at which it hangs up

    @property
    def inbox(self) -> Folder:
        """The folder that mail comes into."""
        return self.folders["INBOX"]


class _Session(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        self.service = self.server.service
        self.folder = Folder()
        self.say("* OK ready")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            self.service.commands.append(rest)
            command = rest.upper().removeprefix("UID ").partition(" ")[0]
            if command == self.service.hang_up_at:
                return
            arguments = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', rest.partition(" ")[2])
            words = [re.sub(r"\\(.)", r"\1", quoted) or plain for quoted, plain in arguments]
            answer = getattr(self, f"do_{command.lower()}", self.unknown)(words)
            self.say(f"{tag} {answer}")
            if command == "LOGOUT":
                return

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def unknown(self, words: list[str]) -> str:
        return "BAD unknown command"

    def do_capability(self, words: list[str]) -> str:
        self.say(f"* CAPABILITY {' '.join(self.service.abilities)}")
        return "OK done"

    def do_login(self, words: list[str]) -> str:
        return "OK in" if words == [USER, PASSWORD] else "NO [AUTHENTICATIONFAILED] wrong"

    def do_authenticate(self, words: list[str]) -> str:
        self.say("+")
        told = base64.b64decode(self.rfile.readline()).decode().split("\0")
        return "OK in" if told == ["", USER, PASSWORD] else "NO [AUTHENTICATIONFAILED] wrong"

    def do_logout(self, words: list[str]) -> str:
        self.say("* BYE")
        return "OK out"

    def do_select(self, words: list[str]) -> str:
        if words[0] not in self.service.folders:
            return "NO [NONEXISTENT] no such folder"
        self.folder = self.service.folders[words[0]]
        self.say(f"* {len(self.folder.mails)} EXISTS")
        self.say("* OK [UIDVALIDITY 1795239605] valid")
        self.say(f"* OK [UIDNEXT {self.folder.next}] next")
        return "OK [READ-WRITE] selected"

    def do_create(self, words: list[str]) -> str:
        if words[0] in self.service.folders:
            return "NO [ALREADYEXISTS] it is there"
        self.service.folders[words[0]] = Folder()
        return "OK made"

    def do_search(self, words: list[str]) -> str:
        found = [uid for uid in self.chosen(words) if uid not in self.folder.deleted]
        self.say(f"* SEARCH {' '.join(map(str, found))}")
        return "OK searched"

    def do_fetch(self, words: list[str]) -> str:
        limit = int(re.findall(r"<0\.(\d+)>", " ".join(words))[0])
        for number, uid in enumerate(self.chosen(words), 1):
            mail = self.folder.mails[uid][:limit]
            head, tail = (f"UID {uid} ", ")") if number % 2 else ("", f" UID {uid})")
            self.wfile.write(f"* {number} FETCH ({head}BODY[]<0> {{{len(mail)}}}\r\n".encode())
            self.wfile.write(mail + tail.encode() + b"\r\n")
        return "OK fetched"

    def do_store(self, words: list[str]) -> str:
        assert words[-1] == r"(\Deleted)"
        self.folder.deleted.update(self.chosen(words))
        return "OK stored"

    def do_copy(self, words: list[str]) -> str:
        if words[-1] not in self.service.folders:
            return "NO [TRYCREATE] no such folder"
        self.service.folders[words[-1]].add(*(self.folder.mails[u] for u in self.chosen(words)))
        return "OK copied"

    def do_move(self, words: list[str]) -> str:
        answer = self.do_copy(words) if "MOVE" in self.service.abilities else "BAD unknown"
        if answer.startswith("OK"):
            self.drop(self.chosen(words))
        return answer

    def do_expunge(self, words: list[str]) -> str:
        assert "UIDPLUS" in self.service.abilities
        assert words, "EXPUNGE without UIDs removes what others have marked"
        self.drop([uid for uid in self.chosen(words) if uid in self.folder.deleted])
        return "OK expunged"

    def chosen(self, words: list[str]) -> list[int]:
        given = next(word for word in words if word[0].isdigit())
        spans = [span.partition(":") for span in given.split(",")]
        wanted = {n for a, _, b in spans for n in range(int(a), int(b or a) + 1)}
        return sorted(wanted & set(self.folder.mails))

    def drop(self, uids: list[int]) -> None:
        for uid in uids:
            del self.folder.mails[uid]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, service: ImapServer, tls: ssl.SSLContext | None) -> None:
        super().__init__((service.host, 0), _Session)
        self.service, self.tls = service, tls

    def get_request(self) -> tuple[object, object]:  # type: ignore[override]  # as wide as can be
        connection, address = self.socket.accept()
        if self.tls:
            connection = self.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that refuse our certificate are a test's business."""


@contextmanager
def imap_server(*, tls: ssl.SSLContext | None = None) -> Iterator[ImapServer]:
    """Run a server in a thread on a free loopback port."""
    service = ImapServer()
    with _Server(service, tls) as server:
        service.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
