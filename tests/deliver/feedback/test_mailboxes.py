"""Mailboxes on servers: what is read, moved and deleted there, and what is never touched."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.config import Bounces, Handled, MailboxKind, Security
from publisher.deliver.feedback.mailbox_imap import ImapMailbox, utf7
from publisher.deliver.feedback.mailbox_pop import PopMailbox
from publisher.deliver.feedback.mailparts import LONGEST
from publisher.errors import MailboxError
from tests.servers.imap import ALL, PASSWORD, USER, ImapServer, imap_server
from tests.servers.pop import PASSWORD as POP_PASSWORD
from tests.servers.pop import PopServer, pop_server
from tests.servers.smtp import certificate

ONE, TWO, THREE = (f"Subject: {n}\n\nbody of {n}\n".encode() for n in ("one", "two", "three"))


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    """An IMAP server with three mails, one of which somebody has marked as deleted."""
    with imap_server() as server:
        server.inbox.add(ONE, b"Subject: rubbish\n\n", TWO, THREE)
        server.inbox.deleted.add(2)
        yield server


@pytest.fixture
def pop() -> Iterator[PopServer]:
    """A POP3 server with three mails."""
    with pop_server() as server:
        server.mails = {"a": ONE, "b": TWO, "c": THREE}
        yield server


def settings(server: ImapServer | PopServer, **changes: object) -> Bounces:
    imap = isinstance(server, ImapServer)
    values: dict[str, object] = {
        "kind": MailboxKind.IMAP if imap else MailboxKind.POP3,
        "host": server.host,
        "port": server.port,
        "user": USER,
        "security": Security.NONE,
        "handled": Handled.MOVE if imap else Handled.DELETE,
    }
    return Bounces(**{**values, **changes})  # type: ignore[arg-type]  # names are checked when called


def subjects(server: ImapServer, folder: str = "INBOX") -> list[str]:
    mails = server.folders[folder].mails if folder in server.folders else {}
    return [mail.decode().partition("\r\n")[0].removeprefix("Subject: ") for mail in mails.values()]


def test_imap_mails_are_read_without_a_trace(imap: ImapServer) -> None:
    box = ImapMailbox(settings(imap), PASSWORD)
    keys = box.keys()
    mails = box.read(keys)
    box.close()
    assert [mail.replace(b"\r\n", b"\n") for mail in mails.values()] == [ONE, TWO, THREE]
    assert list(mails) == keys == [f"1795239605.{uid}" for uid in (1, 3, 4)]
    assert len(imap.inbox.mails) == 4


def test_imap_mails_are_moved_into_a_folder_that_is_made(imap: ImapServer) -> None:
    box = ImapMailbox(settings(imap, keep="Erledigt 2026"), PASSWORD)
    first, _, last = box.keys()
    box.dispose([first])
    box.dispose([last])
    box.close()
    assert subjects(imap) == ["rubbish", "two"]
    assert subjects(imap, "Erledigt 2026") == ["one", "three"]
    assert not any("EXPUNGE" in command for command in imap.commands)


@pytest.mark.parametrize("abilities", [ALL[:2], (*ALL[:2], "UIDPLUS")])
def test_older_imap_servers_copy_and_mark(imap: ImapServer, abilities: tuple[str, ...]) -> None:
    imap.abilities = abilities
    box = ImapMailbox(settings(imap), PASSWORD)
    first, second, third = box.keys()
    box.dispose([first, third])
    assert box.keys() == [second]
    box.close()
    assert subjects(imap, "Handled") == ["one", "three"]
    # what a person has marked is not ours to remove
    assert "rubbish" in subjects(imap)
    assert ("one" in subjects(imap)) is ("UIDPLUS" not in abilities)


def test_imap_mails_can_be_deleted_or_left(imap: ImapServer) -> None:
    box = ImapMailbox(settings(imap, handled=Handled.LEAVE), PASSWORD)
    box.dispose(box.keys())
    box.close()
    assert len(subjects(imap)) == 4
    box = ImapMailbox(settings(imap, handled=Handled.DELETE), PASSWORD)
    box.dispose(box.keys()[:2])
    box.close()
    assert subjects(imap) == ["rubbish", "three"]
    assert list(imap.folders) == ["INBOX"]


def test_of_a_long_imap_mail_the_beginning_is_fetched(imap: ImapServer) -> None:
    imap.inbox.add(b"Subject: long\n\n" + b"x" * 7_000_000)
    box = ImapMailbox(settings(imap), PASSWORD)
    key = box.keys()[-1]
    assert len(box.read([key])[key]) == LONGEST
    box.close()


def test_a_server_that_takes_only_ascii_logins_is_used_too(imap: ImapServer) -> None:
    imap.abilities = ("IMAP4rev1",)
    with pytest.raises(MailboxError, match="refuses the user"):
        ImapMailbox(settings(imap), "wrong")
    with pytest.raises(MailboxError, match="refuses the user"):
        ImapMailbox(settings(imap), PASSWORD)  # it has an ä


def test_imap_over_tls_wants_a_certificate_to_trust(tmp_path: Path) -> None:
    tls, trust = certificate(tmp_path)
    with imap_server(tls=tls) as server:
        server.inbox.add(ONE)
        wanted = settings(server, security=Security.TLS)
        with pytest.raises(MailboxError, match="is not to be trusted"):
            ImapMailbox(wanted, PASSWORD)
        box = ImapMailbox(wanted, PASSWORD, context=trust)
        assert len(box.keys()) == 1
        box.close()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"user": "nobody"}, "refuses the user nobody.*app password"),
        ({"folder": "Rebonds"}, "has no folder Rebonds"),
        ({"port": 1}, "cannot be reached"),
        ({"host": "imap.example.org"}, 'security = "none" would show the password'),
        ({"security": Security.STARTTLS}, "cannot be reached"),
    ],
)
def test_what_is_wrong_with_an_imap_mailbox_is_told(
    imap: ImapServer, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(MailboxError, match=sentence):
        ImapMailbox(settings(imap, **changes), PASSWORD)


def test_a_password_is_asked_for(imap: ImapServer, pop: PopServer) -> None:
    with pytest.raises(MailboxError, match="set BOUNCES_PASSWORD"):
        ImapMailbox(settings(imap), "")
    with pytest.raises(MailboxError, match="set BOUNCES_PASSWORD"):
        PopMailbox(settings(pop), "")


@pytest.mark.parametrize("command", ["SEARCH", "FETCH", "MOVE"])
def test_a_server_that_hangs_up_is_told(imap: ImapServer, command: str) -> None:
    imap.hang_up_at = command
    box = ImapMailbox(settings(imap), PASSWORD)
    with pytest.raises(MailboxError, match="cannot be reached"):
        box.dispose(list(box.read(box.keys())))
    box.close()


def test_names_of_folders_are_written_as_imap_wants_them() -> None:
    assert utf7("Gelöschte & alte") == "Gel&APY-schte &- alte"
    assert utf7("台北") == "&U,BTFw-"  # RFC 3501, section 5.1.3


@given(st.text(max_size=30))
def test_any_name_of_a_folder_is_ascii_on_the_wire(name: str) -> None:
    assert utf7(name.replace("\0", "")).isascii() if _encodable(name) else True


def _encodable(name: str) -> bool:
    try:
        name.encode("utf-16-be")
    except UnicodeEncodeError:
        return False
    return True


def test_pop_mails_are_read_and_deleted(pop: PopServer) -> None:
    box = PopMailbox(settings(pop), POP_PASSWORD)
    mails = box.read(box.keys())
    assert [mail.rstrip() for mail in mails.values()] == [m.rstrip() for m in (ONE, TWO, THREE)]
    box.dispose(["a", "c"])
    assert list(pop.mails) == ["b"]  # at once, whatever happens later
    assert box.keys() == ["b"]
    box.dispose(["b"])
    box.close()
    assert pop.mails == {}


def test_pop_mails_can_be_left(pop: PopServer) -> None:
    box = PopMailbox(settings(pop, handled=Handled.LEAVE), POP_PASSWORD)
    box.dispose(box.keys())
    box.close()
    assert len(pop.mails) == 3


def test_a_mail_that_breaks_the_protocol_stops_no_other(pop: PopServer) -> None:
    pop.mails = {"a": ONE, "bad": b"Subject: bad\n\n" + b"x" * 10_000, "c": THREE}
    box = PopMailbox(settings(pop), POP_PASSWORD)
    mails = box.read(box.keys())
    box.close()
    assert mails["bad"] == b""
    assert mails["c"].rstrip() == THREE.rstrip()
    assert pop.sessions == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"user": "nobody"}, "refuses the user nobody"),
        ({"port": 1}, "cannot be reached"),
        ({"host": "pop.example.org"}, 'security = "none" would show the password'),
        ({"security": Security.STARTTLS}, "cannot be reached"),
    ],
)
def test_what_is_wrong_with_a_pop_mailbox_is_told(
    pop: PopServer, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(MailboxError, match=sentence):
        PopMailbox(settings(pop, **changes), POP_PASSWORD)
