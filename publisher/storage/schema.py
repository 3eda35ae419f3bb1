"""The tables, as architecture tells them: content lives in files, people live here.

Moments are stored in UTC by `Moment` and come back aware. States are short texts, so
that a person with a database shell can read them; their transitions live in
`publisher.deliver.ledger` and `publisher.pipeline`.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from publisher.storage.moments import Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers its rows only for INTEGER keys; PostgreSQL wants eight bytes for millions
_Id = BigInteger().with_variant(Integer, "sqlite")


#: one row per week; PK(week) is what makes an issue happen once
issues = Table(
    "issues",
    metadata,
    Column("week", String(8), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column(
        "state", String(16), nullable=False
    ),  # open composed rendered approved sending sent held
    Column("held_state", String(16)),  # the state to go back to when the hold is lifted
    Column("reason", Text, nullable=False, default=""),  # why it is held
    Column("digest", String(64)),  # of the frozen editions
    Column("approved_by", Text),
    Column("updated", Moment, nullable=False),
)

#: "once a week" is this table's primary key: who inserts the row does the step
steps = Table(
    "steps",
    metadata,
    Column("week", String(8), nullable=False),
    Column("step", String(40), nullable=False),  # "collect 2026-11-20T05:30", "draft", "send"
    Column("started_by", Text, nullable=False),
    Column("started", Moment, nullable=False),
    Column("finished", Moment),
    Column("result", Text, nullable=False, default=""),
    PrimaryKeyConstraint("week", "step"),
)

#: an article belongs to exactly one issue
articles_seen = Table(
    "articles_seen",
    metadata,
    Column("identity", Text, primary_key=True),
    Column("week", String(8), nullable=False, index=True),
    Column("slug", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("seen", Moment, nullable=False),
)

#: ETag and Last-Modified of each feed, for conditional GET; by week, because "nothing new"
#: for one week's issue says nothing about another's
source_states = Table(
    "source_states",
    metadata,
    Column("url", Text, nullable=False),
    Column("week", String(8), nullable=False),
    Column("etag", Text, nullable=False, default=""),
    Column("last_modified", Text, nullable=False, default=""),
    Column("checked", Moment, nullable=False),
    PrimaryKeyConstraint("url", "week"),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("email", Text, nullable=False),  # as the reader wrote it
    Column("email_key", Text, nullable=False, unique=True),  # casefolded, for "the same reader"
    Column("name", Text, nullable=False, default=""),
    Column("language", String(16), nullable=False, default=""),
    Column("fields", JSON, nullable=False, default=dict),
    Column("status", String(16), nullable=False),  # enabled, blocked
    Column("created", Moment, nullable=False),
    Column("confirmed", Moment),
    # a removed reader's number must never be given to another: links and ledger name it
    sqlite_autoincrement=True,
)

lists = Table(
    "lists",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created", Moment, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscriber_id", _Id, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("list_id", _Id, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("status", String(16), nullable=False),  # pending active unsubscribed
    # link attach text (see Form); empty: as [delivery] pdf
    Column("pdf", String(8), nullable=False, default=""),
    Column("changed", Moment, nullable=False),
    PrimaryKeyConstraint("subscriber_id", "list_id"),
    Index("ix_subscriptions_list", "list_id", "status", "subscriber_id"),
)

#: append-only: what a reader agreed to or refused, when, and how we know
consents = Table(
    "consents",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("email_hash", String(64), nullable=False, index=True),
    Column("list", Text, nullable=False),
    Column("act", String(16), nullable=False),  # asked confirmed unsubscribed imported added
    Column("source", Text, nullable=False, default=""),
    Column("at", Moment, nullable=False),
)

#: an opt-out outlives the subscriber's row, as a hash
suppressions = Table(
    "suppressions",
    metadata,
    Column("email_hash", String(64), nullable=False),
    Column("scope", Text, nullable=False),  # a list's name, or * for all
    Column("reason", String(24), nullable=False),  # unsubscribed bounced complained removed
    Column("since", Moment, nullable=False),
    PrimaryKeyConstraint("email_hash", "scope"),
)

#: what was approved: a later edit cannot change what half the readers get
mailings = Table(
    "mailings",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("week", String(8), nullable=False),
    Column("list", Text, nullable=False),
    # names it in the provider's events: the number alone would be another's in a new database
    Column("token", String(32), nullable=False, server_default=""),
    # planned sending paused stopped cancelled done
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("priority", Integer, nullable=False, default=0, server_default="0"),  # higher is first
    Column("hold_until", Moment),  # the provider asked all workers to wait
    Column("heard", Moment),  # when an event of this mailing last came in
    Column("subject", Text, nullable=False),
    Column("artefacts", JSON, nullable=False),  # digests of the parts, see deliver.artefacts
    Column("created", Moment, nullable=False),
    Column("finished", Moment),
    UniqueConstraint("week", "list"),
    Index("ix_mailings_token", "token", unique=True),
)

chunks = Table(
    "chunks",
    metadata,
    Column("mailing_id", _Id, ForeignKey("mailings.id", ondelete="CASCADE"), nullable=False),
    Column("n", Integer, nullable=False),
    # planned claimed sending accepted refused uncertain cancelled (split: replaced by its halves)
    Column("state", String(16), nullable=False),
    Column("form", String(8), nullable=False, default="link", server_default="link"),  # see Form
    Column("size", Integer, nullable=False),  # readers in it
    Column("attempt", Integer, nullable=False, default=0),
    # of the readers without an answer, how many a crash of the running attempt leaves in doubt
    Column("doubt", Integer, nullable=False, default=0),
    Column("lease_owner", Text),
    Column("lease_until", Moment),
    Column("not_before", Moment),
    Column("provider_id", Text, nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("changed", Moment, nullable=False),
    PrimaryKeyConstraint("mailing_id", "n"),
    Index("ix_chunks_state", "mailing_id", "state", "size", "n"),  # the next to send is the first
)

#: one row per reader and mailing, written before anything is sent; the chunk's state
#: implies the reader's, so `state` holds exceptions alone
deliveries = Table(
    "deliveries",
    metadata,
    Column("mailing_id", _Id, ForeignKey("mailings.id", ondelete="CASCADE"), nullable=False),
    Column("subscriber_id", _Id, nullable=False),  # no foreign key: the record outlives the reader
    Column("n", Integer, nullable=False),  # the chunk it belongs to
    Column("email", Text, nullable=False),  # as mailed
    # NULL, or suppressed refused accepted deferred (by its own evidence)
    Column("state", String(16)),
    Column("reason", Text, nullable=False, default=""),
    PrimaryKeyConstraint("mailing_id", "subscriber_id"),
    # with the reader's number, so that a chunk is read in order without looking at the others
    Index("ix_deliveries_chunk", "mailing_id", "n", "subscriber_id"),
)

#: what the provider told us afterwards, as it came; kept even if we do not understand it.
#: The moment stands first in the key: doubles have the same, and rows are added at the
#: end, where an index of random ids would touch a page for each row
events = Table(
    "events",
    metadata,
    Column("at", BigInteger, nullable=False),  # Unix seconds by the provider's clock, or 0
    Column("id", Text, nullable=False),  # the provider's, else a digest of what came
    Column("parcel", _Id, nullable=False),  # no foreign key: it would cost more than the row
    Column("raw", Text, nullable=False),
    PrimaryKeyConstraint("at", "id"),
    Index("ix_events_parcel", "parcel"),
)

#: events that were stored in one transaction, and are interpreted in one: a row of `events`
#: is never changed, and no event can slip past a cursor because its transaction ended late
parcels = Table(
    "parcels",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("events", Integer, nullable=False),
    Column("received", Moment, nullable=False),
    Column("interpreted", Moment),
)
Index(
    "ix_parcels_waiting",
    parcels.c.id,
    sqlite_where=parcels.c.interpreted.is_(None),
    postgresql_where=parcels.c.interpreted.is_(None),
)

#: an attempt at a chunk that events or the provider's records prove to have been accepted
evidence = Table(
    "evidence",
    metadata,
    Column("mailing_id", _Id, ForeignKey("mailings.id", ondelete="CASCADE"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("provider_id", Text, nullable=False, default=""),
    Column("source", String(16), nullable=False),  # event, records
    Column("seen", Moment, nullable=False),
    PrimaryKeyConstraint("mailing_id", "n", "attempt"),
)

#: what became of a mail after it was accepted; absent while nothing was heard. No foreign
#: key here and below: each row's check would cost as much as the row
receipts = Table(
    "receipts",
    metadata,
    Column("mailing_id", _Id, nullable=False),
    Column("subscriber_id", _Id, nullable=False),
    # empty, processed deferred delivered blocked dropped bounced: only ever to a higher rank
    Column("state", String(12), nullable=False, default=""),
    Column("rank", SmallInteger, nullable=False, default=0),
    # news of an earlier attempt says nothing of `state` any more: the reader was mailed again
    Column("attempt", Integer, nullable=False, default=0, server_default="0"),
    Column("at", Moment),  # when it got this state, by the provider's clock
    Column("reason", Text, nullable=False, default=""),
    Column("delivered", Moment),  # first, even if it bounced afterwards
    Column("complained", Moment),
    Column("unsubscribed", Moment),
    Column("opened", Moment),  # first, by a person as far as one can tell
    Column("clicked", Moment),
    Column("machine_opened", Moment),  # first, by a mail provider's proxy
    Column("machine_clicked", Moment),  # first, by a scanner
    PrimaryKeyConstraint("mailing_id", "subscriber_id"),
    sqlite_with_rowid=False,
)

#: every click, for only all of a reader's clicks together tell people from scanners
visits = Table(
    "visits",
    metadata,
    Column("mailing_id", _Id, nullable=False),
    Column("subscriber_id", _Id, nullable=False),
    Column("event", Text, nullable=False),  # its id in `events`
    Column("link", Text, nullable=False),  # an article's slug, else the address
    Column("at", Moment, nullable=False),
    Column("scanner", Boolean, nullable=False),  # the program said that it is one
    PrimaryKeyConstraint("mailing_id", "subscriber_id", "event"),
    sqlite_with_rowid=False,
)

#: which links of a mailing a reader followed: what `visits` come to
clicks = Table(
    "clicks",
    metadata,
    Column("mailing_id", _Id, nullable=False),
    Column("subscriber_id", _Id, nullable=False),
    Column("link", Text, nullable=False),  # an article's slug, else the address
    Column("first", Moment, nullable=False),  # by a person if one ever did
    Column("machine", Boolean, nullable=False),  # no person ever did
    PrimaryKeyConstraint("mailing_id", "subscriber_id", "link"),
    sqlite_with_rowid=False,
)

#: how often an address bounced lately; goes stale, see deliver.scores
bounce_scores = Table(
    "bounce_scores",
    metadata,
    Column("email_hash", String(64), primary_key=True),
    Column("score", Float, nullable=False),
    Column("last", Moment, nullable=False),  # the last bounce
    Column("reason", Text, nullable=False, default=""),
    Column("days", JSON, nullable=False, default=dict),  # day -> kind and moment of its bounce
    Column("cleared", Moment),  # bounces up to here are forgotten
)

#: how much may leave: the moment up to which the rate is used up
throttles = Table(
    "throttles",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("until", Moment, nullable=False),
)

#: how many mails left on a day of the publication's zone, for the caps of a new sender
quotas = Table(
    "quotas",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("used", Integer, nullable=False),
)

artefacts = Table(
    "artefacts",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the bytes
    Column("media_type", Text, nullable=False),
    Column("name", Text, nullable=False, default=""),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created", Moment, nullable=False),
)

imports = Table(
    "imports",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("file", Text, nullable=False),
    Column("list", Text, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("at", Moment, nullable=False),
)

#: append-only: who did what
audit = Table(
    "audit",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("about", Text, nullable=False, default=""),
    Column("details", JSON, nullable=False, default=dict),
)

#: how often something happened in a stretch of time, against floods and list bombing
rates = Table(
    "rates",
    metadata,
    Column("what", String(64), nullable=False),  # keyed hash of what is counted
    Column("until", Moment, nullable=False),  # the end of the stretch
    Column("n", Integer, nullable=False),
    PrimaryKeyConstraint("what", "until"),
    Index("ix_rates_until", "until"),
)

#: small facts of the installation, such as the signing key made at first use
settings = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
