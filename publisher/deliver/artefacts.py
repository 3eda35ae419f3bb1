"""What was approved, kept by the digest of its bytes: the same picture is kept once."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, select

from publisher.errors import DeliveryError
from publisher.storage.inserts import insert_new
from publisher.storage.schema import artefacts


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """Some bytes with their name and type."""

    digest: str
    media_type: str
    name: str
    content: bytes


def put(
    connection: Connection, content: bytes, media_type: str, *, name: str = "", now: datetime
) -> str:
    """Keep bytes and return their digest (SHA-256, hexadecimal); known ones are not kept twice."""
    digest = sha256(content).hexdigest()
    known = select(artefacts.c.digest).where(artefacts.c.digest == digest)
    if connection.scalar(known) is None:
        row = {
            "digest": digest,
            "media_type": media_type,
            "name": name,
            "size": len(content),
            "content": content,
            "created": now,
        }
        insert_new(connection, artefacts, row)
    return digest


def get(connection: Connection, digest: str) -> Artefact:
    """Return what was kept; raise `DeliveryError` if it is lost or damaged."""
    row = connection.execute(select(artefacts).where(artefacts.c.digest == digest)).first()
    if row is None:
        raise DeliveryError(
            f"a part of the frozen mail ({digest[:12]}) is missing from the database:"
            " restore it from a backup"
        )
    if sha256(row.content).hexdigest() != digest:
        raise DeliveryError(
            f"a part of the frozen mail ({digest[:12]}) is damaged in the database:"
            " restore it from a backup"
        )
    return Artefact(
        digest=digest, media_type=row.media_type, name=row.name, content=bytes(row.content)
    )
