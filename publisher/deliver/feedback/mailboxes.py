"""Mailboxes to read bounces from: Maildir and mbox here, IMAP and POP3 beside.

A mail stays where it is until `dispose` is called for it, and whoever reads calls that
only when what the mail says is safe in the database.
"""

import mailbox
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from ssl import SSLContext
from typing import Protocol

from publisher.config import Bounces, Handled, MailboxKind
from publisher.deliver.feedback.mailbox_imap import ImapMailbox
from publisher.deliver.feedback.mailbox_pop import PopMailbox
from publisher.deliver.feedback.mailparts import LONGEST
from publisher.deliver.feedback.reports import identity
from publisher.errors import MailboxError


class Mailbox(Protocol):
    """Mails under keys that stay the same from one opening to the next."""

    def keys(self) -> list[str]:
        """Return the keys of all mails, oldest first as far as known."""
        ...

    def read(self, keys: Collection[str]) -> dict[str, bytes]:
        """Return some mails by key, of long ones the beginning; those that are gone are missing."""
        ...

    def dispose(self, keys: Collection[str]) -> None:
        """Move or delete handled mails, as configured; those that are gone are no error."""
        ...

    def close(self) -> None:
        """Let go of the mailbox."""
        ...


def open_mailbox(
    config: Bounces, root: Path, password: str, *, context: SSLContext | None = None
) -> Mailbox:
    """Open the configured mailbox; paths are relative to `root`.

    `context` replaces the system's trusted certificates. Raises `MailboxError`.
    """
    if config.kind is MailboxKind.IMAP:
        return ImapMailbox(config, password, context=context)
    if config.kind is MailboxKind.POP3:
        return PopMailbox(config, password, context=context)
    if config.kind is None or config.path is None:
        raise MailboxError(
            "no mailbox of bounces is configured: set kind in [delivery.bounces],"
            " or hand mails over with `publisher bounces --pipe`"
        )
    path = root / config.path
    kind = Maildir if config.kind is MailboxKind.MAILDIR else Mbox
    return kind(path, config.handled, config.keep)


class Maildir:
    """A folder with one file for each mail, in new/ and cur/."""

    def __init__(self, path: Path, handled: Handled, keep: str) -> None:
        """Take a folder that is there; raises `MailboxError` if it is none of these."""
        if not (path / "new").is_dir() or not (path / "cur").is_dir():
            raise MailboxError(
                f"{path} is no Maildir, for it lacks new/ or cur/: correct path in"
                " [delivery.bounces], or let the mail server make it by delivering a first mail"
            )
        self._path, self._handled = path, handled
        self._keep = path / f".{keep}"  # a subfolder, as Maildir++ has it
        self._files: dict[str, Path] = {}

    def keys(self) -> list[str]:
        """Return the names of the files without their flags."""
        found = [file for sub in ("new", "cur") for file in (self._path / sub).iterdir()]
        self._files = {file.name.partition(":")[0]: file for file in found if file.name[0] != "."}
        return sorted(self._files)

    def read(self, keys: Collection[str]) -> dict[str, bytes]:
        """See `Mailbox.read`."""
        mails = {}
        for key in keys:
            try:
                with self._files[key].open("rb") as file:
                    mails[key] = file.read(LONGEST)
            except FileNotFoundError:
                continue  # somebody has moved it, or set a flag; the next reading finds it
            except OSError as error:
                raise _trouble(self._files[key], error) from None
        return mails

    def dispose(self, keys: Collection[str]) -> None:
        """See `Mailbox.dispose`; a mail that is moved counts as read."""
        try:
            if self._handled is Handled.MOVE and keys:
                for sub in ("new", "cur", "tmp"):
                    (self._keep / sub).mkdir(parents=True, exist_ok=True, mode=0o700)
                (self._keep / "maildirfolder").touch(mode=0o600)
            for key in keys:
                self._dispose_one(key)
        except OSError as error:
            raise _trouble(self._path, error) from None

    def close(self) -> None:
        """Nothing is held."""

    def _dispose_one(self, key: str) -> None:
        file = self._files[key]
        if self._handled is Handled.DELETE:
            file.unlink(missing_ok=True)
        elif self._handled is Handled.MOVE:
            flags = "".join(sorted({*file.name.partition(":2,")[2], "S"}))
            try:
                file.rename(self._keep / "cur" / f"{key}:2,{flags}")
            except FileNotFoundError:
                return


class Mbox:
    """One file with all mails; it is locked while we have it open."""

    def __init__(self, path: Path, handled: Handled, keep: str) -> None:
        """Lock the file; raises `MailboxError` if that cannot be done."""
        if not path.is_file():
            raise MailboxError(
                f"there is no mbox file {path}: correct path in [delivery.bounces],"
                " or let the mail server make it by delivering a first mail"
            )
        self._path, self._handled = path, handled
        self._keep = path.with_name(f"{path.name}.{keep}")
        self._places: dict[str, list[str]] = {}
        try:
            self._box = mailbox.mbox(path, create=False)
        except OSError as error:
            raise _trouble(path, error) from None
        try:
            self._box.lock()
        except mailbox.ExternalClashError:
            self._box.close()
            raise MailboxError(
                f"another program has locked {path}: try again when it is done"
            ) from None
        except OSError as error:
            self._box.close()
            raise _trouble(path, error) from None

    def keys(self) -> list[str]:
        """Return names made of what the mails are, for their places change."""
        places: dict[str, list[str]] = defaultdict(list)
        for place in self._box.iterkeys():
            places[identity(self._box.get_bytes(place)[:LONGEST])].append(place)
        self._places = dict(places)
        return list(places)

    def read(self, keys: Collection[str]) -> dict[str, bytes]:
        """See `Mailbox.read`."""
        return {key: self._box.get_bytes(self._places[key][0])[:LONGEST] for key in keys}

    def dispose(self, keys: Collection[str]) -> None:
        """See `Mailbox.dispose`; the file is replaced by a new one that lacks the mails."""
        if self._handled is Handled.LEAVE or not keys:
            return
        places = sorted(place for key in keys for place in self._places.pop(key, []))
        try:
            if self._handled is Handled.MOVE:
                self._keep_them(places)
            for place in places:
                self._box.discard(place)
            self._box.flush()
        except (mailbox.Error, OSError) as error:
            raise _trouble(self._path, error) from None

    def close(self) -> None:
        """Unlock the file."""
        self._box.unlock()
        self._box.close()

    def _keep_them(self, places: Collection[str]) -> None:
        kept = mailbox.mbox(self._keep, create=True)
        try:
            kept.lock()
            for place in places:
                kept.add(self._box.get_bytes(place, from_=True))
            kept.flush()
        finally:
            kept.close()
        self._keep.chmod(0o600)


def _trouble(path: Path, error: Exception) -> MailboxError:
    reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
    return MailboxError(
        f"the mailbox {path} cannot be read or changed: {reason}:"
        " give this user the right to do both"
    )
