"""DKIM: sign mails, for mail servers that do not do it themselves (RFC 6376, RFC 8463).

The signature covers every header of ours; RFC 8058 wants both List-Unsubscribe headers
under it. What is the same for all readers is canonicalised and hashed once; the body
behind the first address of a reader's own has to be hashed anew for each. So signing has
its price: per mail of 40 KB about 0.4 ms with an RSA key of 2048 bits, 0.1 ms with an
Ed25519 key, and 2 ms for every MB that is attached. Where the mail server signs, let it.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from publisher.deliver.senders.headers import ascii_domain
from publisher.deliver.senders.mime import Frame, header_line
from publisher.errors import DeliveryError

#: named once more than they stand in the mail, so that nobody can add another (8.15)
_SEALED = ("From", "To", "Subject", "Date", "Reply-To", "Message-ID", "Content-Type")
_LEAST_BITS = 1024  #: verifiers refuse shorter keys (RFC 8301, 3.2)
_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*")
_SPACES = re.compile(rb"[ \t]+")
_SPACES_BEFORE_END = re.compile(rb"[ \t]+(?=\r\n)")

Key = RSAPrivateKey | Ed25519PrivateKey
Hole = tuple[str, bool]


@dataclass(frozen=True)
class Signer:
    """A private key and the name its public half has in the DNS."""

    key: Key
    selector: str

    @property
    def algorithm(self) -> str:
        """The algorithm as the signature names it."""
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"

    @property
    def record(self) -> str:
        """The TXT record to publish at SELECTOR._domainkey.DOMAIN."""
        public = self.key.public_key()
        if isinstance(self.key, RSAPrivateKey):
            der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return f"v=DKIM1; k=rsa; p={b64encode(der).decode()}"
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={b64encode(raw).decode()}"

    def sign(self, data: bytes) -> bytes:
        """Sign the canonical headers."""
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(data, PKCS1v15(), SHA256())
        return self.key.sign(sha256(data).digest())  # RFC 8463, 3


def load_signer(file: Path, selector: str) -> Signer:
    """Read the private key; raise `DeliveryError` saying what is wrong with it."""
    if not _SELECTOR.fullmatch(selector):
        raise DeliveryError(
            f'dkim_selector = "{selector}" in [delivery.smtp] is no selector: give the name'
            " before ._domainkey in your DNS, such as mail2026"
        )
    where = f"the DKIM key {file}"
    try:
        text = file.read_bytes()
    except OSError as error:
        raise DeliveryError(
            f"{where} cannot be read: {error.strerror}: correct dkim_key in [delivery.smtp]"
        ) from None
    try:
        key = load_pem_private_key(text, password=None)
    except TypeError:
        raise DeliveryError(
            f"{where} has a password: make one without, and let nobody else read the file"
        ) from None
    except ValueError:
        raise DeliveryError(
            f"{where} is not a private key in PEM form:"
            " make one with `openssl genrsa -out dkim.pem 2048`"
        ) from None
    if isinstance(key, RSAPrivateKey) and key.key_size >= _LEAST_BITS:
        return Signer(key, selector)
    if isinstance(key, Ed25519PrivateKey):
        return Signer(key, selector)
    raise DeliveryError(
        f"{where} must be RSA of {_LEAST_BITS} bits or more (2048 is usual) or Ed25519:"
        " make one with `openssl genrsa -out dkim.pem 2048`"
    )


@dataclass(frozen=True)
class Seal:
    """All of a frame's signature that is the same for every reader."""

    signer: Signer
    domain: str
    time: int
    shared: bytes  #: canonical headers
    names: tuple[str, ...]  #: of those headers
    hashed: Any  #: the hash of the body up to the first hole; hashlib's type has no name
    pieces: tuple[bytes, ...]  #: canonical, after each hole
    holes: tuple[Hole, ...]

    def line(self, own: Sequence[bytes], addresses: Mapping[Hole, bytes]) -> bytes:
        """Return the DKIM-Signature of one reader's mail, as a header line.

        `own` are the reader's header lines, `addresses` what goes into the holes.
        """
        body = self.hashed.copy()
        for hole, piece in zip(self.holes, self.pieces, strict=True):
            body.update(canonical_body(addresses[hole]))
            body.update(piece)
        names = [*self.names, *map(_name, own)]
        names += [name for name in _SEALED if name in names]
        value = (
            f"v=1; a={self.signer.algorithm}; c=relaxed/relaxed; d={self.domain};"
            f" s={self.signer.selector}; t={self.time}; h={': '.join(names)};"
            f" bh={b64encode(body.digest()).decode()}; b="
        )
        headers = self.shared + b"".join(map(canonical_header, own))
        signature = self.signer.sign(headers + f"dkim-signature:{value}".encode())
        text = b64encode(signature).decode()
        parts = (text[at : at + 72] for at in range(0, len(text), 72))
        return header_line("DKIM-Signature", value + " ".join(parts))


def seal(signer: Signer, built: Frame, now: datetime, last: Seal | None = None) -> Seal:
    """Prepare the signatures of a frame; `last` spares the body of the same frame."""
    head, _, body = built.pieces[0].partition(b"\r\n\r\n")
    lines = re.split(rb"(?<=\r\n)(?![ \t])", built.head + head + b"\r\n")
    lines = [line for line in lines if line]
    if last:
        hashed, pieces = last.hashed, last.pieces
    else:
        *others, end = (canonical_body(piece) for piece in (body, *built.pieces[1:]))
        # empty lines at the end do not count (3.4.4)
        stripped = end.rstrip(b"\r\n")
        first, *rest = [*others, stripped + b"\r\n" if stripped else b""]
        hashed, pieces = sha256(first), tuple(rest)
    return Seal(
        signer=signer,
        domain=ascii_domain(f"@{built.message.domain}")[1:],
        time=int(now.timestamp()),
        shared=b"".join(map(canonical_header, lines)),
        names=tuple(map(_name, lines)),
        hashed=hashed,
        pieces=pieces,
        holes=built.holes,
    )


def canonical_header(line: bytes) -> bytes:
    """Return a header line in relaxed form (3.4.2)."""
    name, _, value = line.partition(b":")
    unfolded = _SPACES.sub(b" ", value.replace(b"\r\n", b""))
    return name.strip().lower() + b":" + unfolded.strip() + b"\r\n"


def canonical_body(text: bytes) -> bytes:
    """Return whole lines of a body in relaxed form, but for empty ones at its end (3.4.4)."""
    if b" " not in text and b"\t" not in text:
        return text
    return _SPACES.sub(b" ", _SPACES_BEFORE_END.sub(b"", text))


def _name(line: bytes) -> str:
    return line.partition(b":")[0].decode()
