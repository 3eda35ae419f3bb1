"""A mailbox on an IMAP server (RFC 9051, 3501), by the standard library's client."""

import imaplib
import re
import ssl
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar

from publisher.config import Bounces, Handled, Security
from publisher.deliver.feedback.mailparts import LONGEST
from publisher.deliver.senders.loopback import is_loopback
from publisher.errors import MailboxError

T = TypeVar("T")
_TIMEOUT_S = 60.0
_UIDS_AT_ONCE = 50_000  # in one answer to SEARCH: imaplib takes lines of a megabyte


class ImapMailbox:
    """One folder; its mails are named by UIDVALIDITY and UID, which never name another."""

    def __init__(
        self, config: Bounces, password: str, *, context: ssl.SSLContext | None = None
    ) -> None:
        """Connect, log in and open the folder; raises `MailboxError`."""
        check_protection(config)
        if not password:
            raise MailboxError(
                f"the mailbox {config.user} at {config.host} needs a password: set BOUNCES_PASSWORD"
            )
        self._config = config
        self._context = context or ssl.create_default_context()
        self._imap = self._try(self._connect)
        try:
            self._log_in(password)
            self._abilities = self._try(lambda: _words(self._imap.capability()[1]))
            self._open_folder()
        except BaseException:
            self.close()
            raise
        self._made_folder = False

    def keys(self) -> list[str]:
        """Return the keys of all mails that nobody has marked as deleted."""
        return [f"{self._validity}.{uid}" for uid in self._uids()]

    def read(self, keys: Collection[str]) -> dict[str, bytes]:
        """See `Mailbox.read`; the mails do not count as read by this."""
        wanted = {key.partition(".")[2]: key for key in keys}
        if not wanted:
            return {}
        what = f"(UID BODY.PEEK[]<0.{LONGEST}>)"
        answers = self._done("FETCH", _set(wanted), what)
        mails = {}
        for answer, following in zip(answers, [*answers[1:], None], strict=True):
            if isinstance(answer, tuple):
                # servers tell the UID before the mail or after it
                after = following if isinstance(following, bytes) else b""
                uid = _uid_of(answer[0]) or _uid_of(after)
                if uid in wanted:
                    mails[wanted[uid]] = answer[1]
        return mails

    def dispose(self, keys: Collection[str]) -> None:
        """See `Mailbox.dispose`.

        Only servers without UIDPLUS (RFC 4315) keep deleted mails, marked as such: their
        EXPUNGE would remove what others have marked, too.
        """
        if self._config.handled is Handled.LEAVE or not keys:
            return
        uids = _set(key.partition(".")[2] for key in keys)
        if self._config.handled is Handled.MOVE:
            self._make_folder()
            folder = _quoted(self._config.keep)
            if "MOVE" in self._abilities:
                self._done("MOVE", uids, folder)
                return
            self._done("COPY", uids, folder)
        self._done("STORE", uids, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._abilities:
            self._done("EXPUNGE", uids)

    def close(self) -> None:
        """Log out; CLOSE would remove what others have marked as deleted."""
        try:
            self._imap.logout()
        except (imaplib.IMAP4.error, OSError):
            self._imap.shutdown()

    def _connect(self) -> imaplib.IMAP4:
        config = self._config
        if config.security is Security.TLS:
            return imaplib.IMAP4_SSL(
                config.host, config.port or 993, ssl_context=self._context, timeout=_TIMEOUT_S
            )
        imap = imaplib.IMAP4(config.host, config.port or 143, timeout=_TIMEOUT_S)
        if config.security is Security.STARTTLS:
            try:
                imap.starttls(self._context)
            except BaseException:
                imap.shutdown()
                raise
        return imap

    def _log_in(self, password: str) -> None:
        config = self._config
        try:
            if "AUTH=PLAIN" in self._imap.capabilities:  # takes any letters; LOGIN only ASCII
                told = f"\0{config.user}\0{password}".encode()
                self._imap.authenticate("PLAIN", lambda _: told)
            else:
                self._imap.login(config.user, password)
        except imaplib.IMAP4.abort as error:
            raise self._lost(error) from None
        except (imaplib.IMAP4.error, UnicodeError) as error:
            raise MailboxError(
                f"{config.host} refuses the user {config.user}: {_plain(error)}: correct user in"
                " [delivery.bounces] or BOUNCES_PASSWORD (some providers want an app password)"
            ) from None
        except OSError as error:
            raise self._lost(error) from None

    def _open_folder(self) -> None:
        folder = self._config.folder
        answer, told = self._try(lambda: self._imap.select(_quoted(folder)))
        if answer != "OK":
            raise MailboxError(
                f"{self._config.host} has no folder {folder} for {self._config.user}:"
                f" {_plain(told[0])}: correct folder in [delivery.bounces]"
            )
        self._validity = self._number("UIDVALIDITY") or 0
        self._next = self._number("UIDNEXT")

    def _number(self, name: str) -> int | None:
        value = self._imap.response(name)[1][0]
        return int(value) if isinstance(value, bytes) and value.isdigit() else None

    def _uids(self) -> Iterator[str]:
        step = _UIDS_AT_ONCE
        if self._next is None:
            yield from _words(self._done("SEARCH", "UNDELETED"))
            return
        for first in range(1, self._next, step):
            last = min(first + step, self._next) - 1
            yield from _words(self._done("SEARCH", "UID", f"{first}:{last}", "UNDELETED"))

    def _make_folder(self) -> None:
        if not self._made_folder:
            # the answer is NO if it is there; whether it can be used, COPY or MOVE will tell
            self._try(lambda: self._imap.create(_quoted(self._config.keep)))
            self._made_folder = True

    def _done(self, command: str, *arguments: str) -> list[Any]:
        answer, told = self._try(lambda: self._imap.uid(command, *arguments))
        if answer != "OK":
            raise MailboxError(
                f"{self._config.host} refuses to {command.lower()} mails: {_plain(told[0])}"
            )
        return told

    def _try(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except ssl.SSLCertVerificationError as error:
            raise MailboxError(
                f"the certificate of {self._config.host} is not to be trusted:"
                f" {error.verify_message}: use the name it was made for as host"
            ) from None
        except (imaplib.IMAP4.error, OSError) as error:
            raise self._lost(error) from None

    def _lost(self, error: Exception) -> MailboxError:
        where = f"{self._config.host}:{self._config.port or 'imap'}"
        return MailboxError(
            f"the mailbox at {where} cannot be reached: {_plain(error)}:"
            " see host, port and security in [delivery.bounces]"
        )


def check_protection(config: Bounces) -> None:
    """Raise `MailboxError` if the password would cross a network for everybody to read."""
    if config.security is Security.NONE and not is_loopback(config.host):
        raise MailboxError(
            f'security = "none" would show the password and the bounces to everybody on the way'
            f' to {config.host}: use "tls" or "starttls" in [delivery.bounces]'
        )


def utf7(name: str) -> str:
    """Return a folder's name in the modified UTF-7 of RFC 3501, section 5.1.3."""
    coded, run = "", ""
    for letter in f"{name}\0":
        if letter not in ("\0",) and not " " <= letter <= "~":
            run += letter
            continue
        if run:
            sealed = b64encode(run.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
            coded, run = f"{coded}&{sealed}-", ""
        coded += "&-" if letter == "&" else letter
    return coded[:-1]


def _quoted(name: str) -> str:
    escaped = utf7(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _set(uids: Collection[str] | Iterator[str]) -> str:
    return ",".join(sorted(uids, key=int))


def _uid_of(line: bytes) -> str:
    found = re.search(rb"\bUID (\d+)", line, re.IGNORECASE)
    return found[1].decode() if found else ""


def _words(told: list[Any]) -> list[str]:
    return [word for line in told if line for word in line.decode("ascii", "replace").split()]


def _plain(told: object) -> str:
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    return " ".join(text.split())[:300].rstrip(".")
