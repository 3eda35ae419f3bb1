"""Keep what providers tell us afterwards; let several workers share a mailing."""

import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns only: SQLite would copy a table to alter it, and its rows' rows would go."""
    _mailings_and_chunks()
    op.drop_table("events")  # nothing was ever written to it
    op.create_table(
        "events",
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("parcel", _ID, nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("at", "id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_parcel", "events", ["parcel"])
    op.create_table(
        "parcels",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("received", _MOMENT, nullable=False),
        sa.Column("interpreted", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcels")),
    )
    waiting = sa.text("interpreted IS NULL")
    op.create_index(
        "ix_parcels_waiting", "parcels", ["id"], sqlite_where=waiting, postgresql_where=waiting
    )
    _of_a_mailing(
        "evidence",
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("seen", _MOMENT, nullable=False),
        key=("mailing_id", "n", "attempt"),
    )
    _of_readers()
    op.create_table(
        "bounce_scores",
        sa.Column("email_hash", sa.String(length=64), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("last", _MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("cleared", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("email_hash", name=op.f("pk_bounce_scores")),
    )
    op.create_table(
        "throttles",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_throttles")),
    )
    op.create_table(
        "quotas",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_quotas")),
    )


def _of_readers() -> None:
    moments = (
        *("delivered", "complained", "unsubscribed", "opened", "clicked"),
        *("machine_opened", "machine_clicked"),
    )
    _of_a_reader(
        "receipts",
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        _filled("attempt", sa.Integer(), "0"),
        sa.Column("at", _MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        *(sa.Column(name, _MOMENT, nullable=True) for name in moments),
    )
    _of_a_reader(
        "visits",
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("scanner", sa.Boolean(), nullable=False),
        key=("event",),
    )
    _of_a_reader(
        "clicks",
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("first", _MOMENT, nullable=False),
        sa.Column("machine", sa.Boolean(), nullable=False),
        key=("link",),
    )


def _of_a_reader(name: str, *columns: sa.Column[Any], key: tuple[str, ...] = ()) -> None:
    op.create_table(
        name,
        sa.Column("mailing_id", _ID, nullable=False),
        sa.Column("subscriber_id", _ID, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("mailing_id", "subscriber_id", *key, name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )


def _mailings_and_chunks() -> None:
    op.add_column("mailings", _filled("token", sa.String(length=32), ""))
    op.add_column("mailings", _filled("priority", sa.Integer(), "0"))
    op.add_column("mailings", sa.Column("hold_until", _MOMENT, nullable=True))
    op.add_column("mailings", sa.Column("heard", _MOMENT, nullable=True))
    mailings = sa.table("mailings", sa.column("id", _ID), sa.column("token", sa.String))
    connection = op.get_bind()
    for (number,) in connection.execute(sa.select(mailings.c.id)).all():
        connection.execute(
            mailings.update().where(mailings.c.id == number).values(token=secrets.token_hex(8))
        )
    op.create_index("ix_mailings_token", "mailings", ["token"], unique=True)
    op.add_column("chunks", _filled("form", sa.String(length=8), "link"))


def _filled(name: str, kind: sa.types.TypeEngine[Any], value: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=value)


def _of_a_mailing(name: str, *columns: sa.Column[Any], key: tuple[str, ...]) -> None:
    op.create_table(
        name,
        sa.Column("mailing_id", _ID, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["mailing_id"],
            ["mailings.id"],
            name=op.f(f"fk_{name}_mailing_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
    )
