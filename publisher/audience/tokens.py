"""Links in mails: tokens that nobody else can make, read or change.

A token is encrypted and authenticated in one (AES-SIV, RFC 5297), so it tells a stranger
neither who the reader is nor how many there are, and it is short: about 50 characters.
"""

import hmac
import struct
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha512

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from publisher.errors import AudienceError

CONFIRM_WITHIN = timedelta(days=14)

_UNSUBSCRIBE, _PREFERENCES = b"unsubscribe 1", b"preferences 1"
_CONFIRM, _BOUNCE = b"confirm 1", b"bounce 1"
_WHO = struct.Struct(">Q")
_WHO_AND_WHEN = struct.Struct(">QQ")
_LONGEST = 1000  # characters; ours are far shorter
_SUBSCRIBER_BITS = 40  #: of a bounce's token: a trillion subscribers
_BOUNCED_BYTES = 8  #: at most, so 16 million mailings


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


@dataclass(frozen=True)
class Bounced:
    """What the token in a return path says: which mail to whom came back."""

    mailing: int
    subscriber: int


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

    def preferences(self, subscriber: int, list_name: str) -> str:
        """Return the reader's token to choose how she gets the issue; as `unsubscribe`'s."""
        return self._make(_PREFERENCES, _WHO.pack(subscriber) + list_name.encode())

    def read_unsubscribe(self, token: str) -> Claim:
        """Return what the token says; raises `BadToken`."""
        return self._who(_UNSUBSCRIBE, token)

    def read_preferences(self, token: str) -> Claim:
        """Return what the token says; raises `BadToken`."""
        return self._who(_PREFERENCES, token)

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

    def bounce(self, mailing: int, subscriber: int) -> str:
        """Return the token for the return path of a mail: at most 39 letters of a-z2-7.

        It survives servers that change upper to lower case, and is the same every time.
        """
        number = mailing << _SUBSCRIBER_BITS | subscriber
        told = number.to_bytes((number.bit_length() + 7) // 8, "big")
        if subscriber >> _SUBSCRIBER_BITS or len(told) > _BOUNCED_BYTES:
            raise ValueError(f"mailing {mailing} or subscriber {subscriber} is out of bounds")
        return _base32(self._ciphers[0].encrypt(told, [_BOUNCE]))

    def read_bounce(self, token: str) -> Bounced:
        """Return what the token says, whatever case it is in; raises `BadToken`."""
        try:
            sealed = b32decode(token.upper() + "=" * (-len(token) % 8))
        except ValueError:  # binascii.Error is one
            raise BadToken from None
        # as base64, base32 has several spellings of the same bytes
        if len(token) > _LONGEST or _base32(sealed) != token.lower():
            raise BadToken
        number = int.from_bytes(self._open(_BOUNCE, sealed), "big")
        return Bounced(number >> _SUBSCRIBER_BITS, number & ((1 << _SUBSCRIBER_BITS) - 1))

    def fingerprint(self, text: str) -> str:
        """Return a name for something that only this installation can tell: 64 characters."""
        return hmac.digest(self._secret, text.encode(), "sha256").hex()

    def _who(self, purpose: bytes, token: str) -> Claim:
        told = self._read(purpose, token)
        (subscriber,) = _WHO.unpack_from(told)
        return Claim(subscriber, told[_WHO.size :].decode())

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
        return self._open(purpose, sealed)

    def _open(self, purpose: bytes, sealed: bytes) -> bytes:
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed, [purpose])
            except (InvalidTag, ValueError):
                continue
        raise BadToken


def _base32(sealed: bytes) -> str:
    return b32encode(sealed).rstrip(b"=").decode().lower()
