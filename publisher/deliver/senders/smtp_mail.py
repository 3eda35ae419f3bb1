"""A mail as it crosses the wire: dots doubled once for all readers, spliced for each."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from publisher.deliver.sender import Message, Recipient
from publisher.deliver.senders.dkim import Seal, Signer, seal
from publisher.deliver.senders.mime import Frame, frame, own_addresses_quoted, own_lines, redated

_LEADING_DOT = re.compile(rb"(?m)^\.")
_LARGE = 262_144  # bytes; such a piece, with a PDF in it, is not copied for every reader


@dataclass(frozen=True)
class Wire:
    """A frame that is ready to be sent."""

    built: Frame
    pieces: tuple[bytes, ...]  #: of the body, dots doubled
    tail: bytes  #: what ends the mail
    seal: Seal | None = None  #: if mails are signed here

    def mail_of(self, recipient: Recipient) -> tuple[tuple[bytes, ...], int]:
        """Return one reader's mail with its final dot, and its size (RFC 1870).

        The size counts the doubled dots too, a few bytes more than the RFC asks for.
        """
        own = own_lines(self.built, recipient)
        addresses = own_addresses_quoted(self.built, recipient)
        signature = [self.seal.line(own, addresses)] if self.seal else []
        parts = [*signature, *own, self.built.head, self.pieces[0]]
        for hole, piece in zip(self.built.holes, self.pieces[1:], strict=True):
            parts += [_stuffed(addresses[hole]), piece]
        size = sum(map(len, parts))
        parts.append(self.tail)
        return (b"".join(parts),) if size <= _LARGE else _joined(parts), size


def wire(
    message: Message, now: datetime, *, signer: Signer | None = None, last: Wire | None = None
) -> Wire:
    """Build a mail for sending; of the same message as last time only the date is new."""
    if last and last.built.message is message:
        built = redated(last.built, now)
        sealed = seal(signer, built, now, last.seal) if signer else None
        return replace(last, built=built, seal=sealed)
    built = frame(message, now, embed=message.embed)
    return Wire(
        built=built,
        # a piece after the first begins with the soft line end that follows an address
        pieces=tuple(map(_stuffed, built.pieces)),
        tail=b".\r\n" if built.pieces[-1].endswith(b"\r\n") else b"\r\n.\r\n",
        seal=seal(signer, built, now) if signer else None,
    )


def _stuffed(piece: bytes) -> bytes:
    """Double the dots at the beginning of lines (RFC 5321, 4.5.2)."""
    if b"\n." not in piece and not piece.startswith(b"."):
        return piece
    return _LEADING_DOT.sub(b"..", piece)


def _joined(parts: Iterable[bytes]) -> tuple[bytes, ...]:
    """Join neighbours, for each part is a write of its own; leave the large ones as they are."""
    groups = groupby(parts, key=lambda part: len(part) > _LARGE)
    return tuple(
        piece for is_large, group in groups for piece in (group if is_large else [b"".join(group)])
    )
