"""A mailbox on a POP3 server (RFC 1939), by the standard library's client."""

import poplib
import ssl
from collections.abc import Collection

from publisher.config import Bounces, Handled, Security
from publisher.deliver.feedback.mailbox_imap import check_protection
from publisher.deliver.feedback.mailparts import LONGEST
from publisher.errors import MailboxError

_TIMEOUT_S = 60.0
_LINES = LONGEST // 60  #: of a mail's body that are asked for


class PopMailbox:
    """The one mailbox of a user; its mails are named by their UIDL."""

    def __init__(
        self, config: Bounces, password: str, *, context: ssl.SSLContext | None = None
    ) -> None:
        """Connect and log in; raises `MailboxError`."""
        check_protection(config)
        if not password:
            raise MailboxError(
                f"the mailbox {config.user} at {config.host} needs a password: set BOUNCES_PASSWORD"
            )
        self._config, self._password = config, password
        self._context = context or ssl.create_default_context()
        self._pop: poplib.POP3 | None = None
        self._numbers: dict[str, int] = {}
        self._session()

    def keys(self) -> list[str]:
        """Return the names of all mails."""
        self._session()
        return list(self._numbers)

    def read(self, keys: Collection[str]) -> dict[str, bytes]:
        """See `Mailbox.read`; of a mail that breaks the protocol nothing is returned but its key."""
        mails = {}
        for key in keys:
            pop = self._session()
            if key not in self._numbers:
                continue
            try:
                lines = pop.top(self._numbers[key], _LINES)[1]
                mails[key] = b"\n".join(lines)[:LONGEST]
            except poplib.error_proto:
                # a line that is too long leaves the connection in the middle of the mail
                self._end(politely=False)
                mails[key] = b""
            except OSError as error:
                raise self._lost(error) from None
        return mails

    def dispose(self, keys: Collection[str]) -> None:
        """See `Mailbox.dispose`; the server deletes when the session ends, so it is ended."""
        if self._config.handled is not Handled.DELETE or not keys:
            return
        try:
            pop = self._session()
            for key in keys:
                if key in self._numbers:
                    pop.dele(self._numbers[key])
        except (poplib.error_proto, OSError) as error:
            raise self._lost(error) from None
        self._end(politely=True)

    def close(self) -> None:
        """End the session."""
        self._end(politely=True)

    def _session(self) -> poplib.POP3:
        if self._pop is not None:
            return self._pop
        try:
            pop = self._connect()
        except ssl.SSLCertVerificationError as error:
            raise MailboxError(
                f"the certificate of {self._config.host} is not to be trusted:"
                f" {error.verify_message}: use the name it was made for as host"
            ) from None
        except (poplib.error_proto, OSError) as error:
            raise self._lost(error) from None
        self._pop = pop
        try:
            pop.user(self._config.user)
            pop.pass_(self._password)
        except (poplib.error_proto, UnicodeError) as error:
            self._end(politely=False)
            raise MailboxError(
                f"{self._config.host} refuses the user {self._config.user}: {_plain(error)}:"
                " correct user in [delivery.bounces] or BOUNCES_PASSWORD"
            ) from None
        except OSError as error:
            raise self._lost(error) from None
        try:
            listing = pop.uidl()[1]
        except (poplib.error_proto, OSError) as error:
            raise self._lost(error) from None
        rows = (line.decode("ascii", "replace").split(maxsplit=1) for line in listing)
        self._numbers = {row[1]: int(row[0]) for row in rows if len(row) == 2}
        return pop

    def _connect(self) -> poplib.POP3:
        config = self._config
        if config.security is Security.TLS:
            return poplib.POP3_SSL(
                config.host, config.port or 995, context=self._context, timeout=_TIMEOUT_S
            )
        pop = poplib.POP3(config.host, config.port or 110, timeout=_TIMEOUT_S)
        if config.security is Security.STARTTLS:
            try:
                pop.stls(context=self._context)
            except BaseException:
                pop.close()
                raise
        return pop

    def _end(self, *, politely: bool) -> None:
        pop, self._pop = self._pop, None
        if pop is None:
            return
        try:
            if politely:
                pop.quit()
        except (poplib.error_proto, OSError):
            pass
        finally:
            pop.close()

    def _lost(self, error: Exception) -> MailboxError:
        self._end(politely=False)
        where = f"{self._config.host}:{self._config.port or 'pop3'}"
        return MailboxError(
            f"the mailbox at {where} cannot be reached: {_plain(error)}:"
            " see host, port and security in [delivery.bounces]"
        )


def _plain(error: Exception) -> str:
    told = error.args[0] if error.args else error
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(error)
    return " ".join(text.split())[:300].rstrip(".")
