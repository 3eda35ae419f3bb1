"""Take a frozen mailing back before anybody was written down for it."""

from datetime import datetime

from sqlalchemy import Engine, exists, select

from publisher.deliver.mailing import Mailing, note
from publisher.errors import DeliveryError
from publisher.storage.schema import chunks, deliveries, mailings


def thaw(engine: Engine, mailing: Mailing, *, who: str, now: datetime) -> None:
    """Delete a mailing that was never begun; raise `DeliveryError` once readers are in it."""
    with engine.begin() as connection:
        begun = select(
            exists().where(deliveries.c.mailing_id == mailing.id)
            | exists().where(chunks.c.mailing_id == mailing.id)
        )
        if connection.scalar(begun):
            raise DeliveryError(
                f"the mailing of {mailing.week} has begun: what readers have got cannot be changed"
            )
        connection.execute(mailings.delete().where(mailings.c.id == mailing.id))
        note(connection, mailing, who=who, act="thaw", now=now, subject=mailing.subject)
