"""Links in mails: tokens that nobody else can make, read or change.

A token is encrypted and authenticated in one (AES-SIV, RFC 5297), so it tells a stranger
neither who the reader is nor how many there are, and it is short: about 50 characters.
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha512

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from publisher.errors import AudienceError

CONFIRM_WITHIN = timedelta(days=14)

_UNSUBSCRIBE, _CONFIRM = b"unsubscribe 1", b"confirm 1"
_WHO = struct.Struct(">Q")
_WHO_AND_WHEN = struct.Struct(">QQ")
_LONGEST = 1000  # characters; ours are far shorter


class BadToken(AudienceError):
    """The link was not made by us, or was cut off on its way."""

    def __init__(self) -> None:
        super().__init__("this link is not complete: copy all of it from the mail")


class ExpiredToken(AudienceError):
    """The link was ours, but is too old."""

    def __init__(self) -> None:
        super().__init__("this link is too old: subscribe again to get a new one")


@dataclass(frozen=True)
class Claim:
    """What a token says."""

    subscriber: int
    list_name: str
    issued: datetime | None = None  #: aware, to the millisecond; of tokens that expire


class Tokens:
    """Makes and reads the tokens of an installation."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take the signing keys: the first makes tokens, all of them are tried for reading."""
        self._secret = sha256(b"publisher fingerprints:" + keys[0].encode()).digest()
        self._ciphers = [AESSIV(sha512(b"publisher tokens:" + k.encode()).digest()) for k in keys]

    def unsubscribe(self, subscriber: int, list_name: str) -> str:
        """Return the reader's token to unsubscribe from a list; it never expires.

        The same reader and list give the same token every time, so that a mail which is
        sent again is the same mail.
        """
        return self._make(_UNSUBSCRIBE, _WHO.pack(subscriber) + list_name.encode())

    def read_unsubscribe(self, token: str) -> Claim:
        """Return what the token says; raises `BadToken`."""
        told = self._read(_UNSUBSCRIBE, token)
        (subscriber,) = _WHO.unpack_from(told)
        return Claim(subscriber, told[_WHO.size :].decode())

    def confirm(self, subscriber: int, list_name: str, now: datetime) -> str:
        """Return the reader's token to confirm a subscription, good for `CONFIRM_WITHIN`."""
        told = _WHO_AND_WHEN.pack(subscriber, int(now.timestamp() * 1000))
        return self._make(_CONFIRM, told + list_name.encode())

    def read_confirm(self, token: str, now: datetime) -> Claim:
        """Return what the token says; raises `BadToken` or `ExpiredToken`."""
        told = self._read(_CONFIRM, token)
        subscriber, milliseconds = _WHO_AND_WHEN.unpack_from(told)
        issued = datetime.fromtimestamp(milliseconds / 1000, UTC)
        if now - issued > CONFIRM_WITHIN:
            raise ExpiredToken
        return Claim(subscriber, told[_WHO_AND_WHEN.size :].decode(), issued)

    def fingerprint(self, text: str) -> str:
        """Return a name for something that only this installation can tell: 64 characters."""
        return hmac.digest(self._secret, text.encode(), "sha256").hex()

    def _make(self, purpose: bytes, told: bytes) -> str:
        sealed = self._ciphers[0].encrypt(told, [purpose])
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def _read(self, purpose: bytes, token: str) -> bytes:
        try:
            if len(token) > _LONGEST:
                raise BadToken
            sealed = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
            # base64 has several spellings of the same bytes: only ours will do
            if urlsafe_b64encode(sealed).rstrip(b"=").decode() != token:
                raise BadToken
        except ValueError:  # binascii.Error and UnicodeEncodeError are kinds of it
            raise BadToken from None
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed, [purpose])
            except (InvalidTag, ValueError):
                continue
        raise BadToken
