"""What the ledger says, held against what truly happened."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Engine, bindparam, event, func, select, update

from publisher.deliver.certificate import certificate_of
from publisher.deliver.mailing import Mailing
from publisher.storage.engine import reading
from publisher.storage.schema import (
    audit,
    chunks,
    deliveries,
    evidence,
    mailings,
    metadata,
    subscribers,
    subscriptions,
)
from publisher.storage.suppressions import EVERYWHERE, email_hash, suppress, suppressed
from tests.deliver.steered import Provider, Request

PATIENCE = timedelta(minutes=30)  #: how long evidence is waited for before another attempt

#: what may become of a chunk in one transaction, whoever does it
STEPS = {
    "planned": {"planned", "claimed", "sending", "cancelled", "accepted"},
    "claimed": {"claimed", "sending", "planned", "accepted", "cancelled"},
    "sending": {"sending", "accepted", "refused", "split", "uncertain", "planned"},
    "uncertain": {"uncertain", "accepted", "planned"},
    "accepted": {"accepted"},
    "refused": {"refused"},
    "split": {"split"},
    "cancelled": {"cancelled"},
}
# made once: they are asked for after every step
_OF: BindParameter[Any] = bindparam("of")
_CHUNKS = select(
    chunks.c.n,
    chunks.c.state,
    chunks.c.attempt,
    chunks.c.size,
    chunks.c.form,
    chunks.c.lease_owner,
    chunks.c.lease_until,
    chunks.c.changed,
).where(chunks.c.mailing_id == _OF)
_PEOPLE = select(deliveries.c.subscriber_id, deliveries.c.n, deliveries.c.state).where(
    deliveries.c.mailing_id == _OF
)
_PROOFS = select(evidence.c.n, evidence.c.attempt).where(evidence.c.mailing_id == _OF)
_HEARD = select(mailings.c.heard).where(mailings.c.id == _OF)
_ACTS = select(func.count()).select_from(audit)
FINAL = {"accepted", "refused", "suppressed"}  #: of a reader


@dataclass(frozen=True)
class ChunkRow:
    """A chunk as it stands."""

    state: str
    attempt: int
    size: int
    form: str
    owner: str | None
    lease_until: datetime | None
    changed: datetime


@dataclass(frozen=True)
class Snapshot:
    """All that is written of a mailing at one moment."""

    chunks: dict[int, ChunkRow]
    readers: dict[int, tuple[int, str | None]]  #: chunk and own state by subscriber
    proved: frozenset[tuple[int, int]]  #: chunk and attempt
    heard: datetime | None
    acts: int  #: lines in the audit

    def proofs(self, n: int) -> list[int]:
        """Return the attempts at a chunk that are proved."""
        return [attempt for chunk, attempt in self.proved if chunk == n]

    def stands(self, reader: int) -> str:
        """Return where a reader stands."""
        n, own = self.readers[reader]
        return own if own in FINAL else self.chunks[n].state

    def members(self, n: int) -> list[int]:
        """Return the readers of a chunk who have no fate of their own."""
        return [r for r, (m, own) in self.readers.items() if m == n and own not in FINAL]


class Ledger:
    """Compares what is written with what the provider truly took, after every step."""

    def __init__(self, engine: Engine, mailing: Mailing, provider: Provider) -> None:
        self.engine, self.mailing, self.provider = engine, mailing, provider
        self.before = self.read()
        self.permits: Counter[int] = Counter()  #: how often a reader may get it once more
        self.by_operator = False
        self.gone: set[int] = set()  #: readers who must not be mailed any more
        #: who was gone when the attempt began, by chunk and attempt
        self.barred: dict[tuple[int, int], set[int]] = {}

    @contextmanager
    def operator(self) -> Iterator[None]:
        """Mark what happens inside as an operator's word."""
        self.check(None)
        self.by_operator = True
        yield
        self.check(None)
        self.by_operator = False

    def note_suppressed(self) -> None:
        """Look who must not be mailed any more."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(subscribers.c.id, subscribers.c.email_key)).all()
            hashes = {email_hash(row.email_key): row.id for row in rows}
            found = suppressed(connection, list(hashes), self.mailing.list)
        self.gone = {hashes[hash] for hash in found}

    def check(self, now: datetime | None) -> None:
        """Hold what is written against the step before and against the truth."""
        after, before = self.read(), self.before
        self._check_sizes(after)
        for n, chunk in after.chunks.items():
            if n in before.chunks:
                self._check_step(n, before, after, now)
            if chunk.state == "sending" and (n, chunk.attempt) not in self.barred:
                self.barred[n, chunk.attempt] = set(self.gone)
                assert not before.proofs(n), f"chunk {n} is sent again in spite of evidence"
        for reader, (n, own) in before.readers.items():
            assert reader in after.readers, f"reader {reader} is lost"
            assert after.chunks[after.readers[reader][0]].form == before.chunks[n].form
            if own in FINAL:
                assert after.readers[reader] == (n, own), f"the fate of {reader} has changed"
        for reader in after.readers:
            mailed = self.provider.mailed(reader)
            assert mailed <= 1 + self.permits[reader], f"reader {reader} was mailed {mailed} times"
            stands = after.stands(reader)
            if stands == "accepted":
                assert mailed, f"reader {reader} was never mailed and is called accepted"
            if mailed and not self.permits[reader]:
                assert stands in ("accepted", "sending", "uncertain"), (
                    f"reader {reader} was mailed and is called {stands}"
                )
        self.before = after

    def check_request(self, request: Request, owner: str, now: datetime) -> None:
        """Hold a request that is about to leave against the ledger."""
        reference = request.reference
        chunk = self.read().chunks[reference.chunk]
        if request.first:
            assert (chunk.state, chunk.attempt) == ("sending", reference.attempt)
            assert chunk.owner == owner
            assert chunk.lease_until
            assert chunk.lease_until > now, "a worker frozen past its lease sends"
        barred = self.barred.get((reference.chunk, reference.attempt), self.gone)
        assert not barred & set(request.readers), "suppressed readers are mailed"

    def settled(self, events: bool) -> bool:
        """Whether nothing is left to do but what only an operator can."""
        states = {chunk.state for chunk in self.read().chunks.values() if chunk.size}
        return not states & {"planned", "claimed", "sending", "uncertain" if events else ""}

    def check_end(self) -> None:
        """Hold the certificate against the truth once all is settled."""
        found, now = certificate_of(self.engine, self.mailing), self.read()
        assert found.waiting == 0
        for n, chunk in now.chunks.items():
            proved = now.proofs(n)
            assert chunk.state != "uncertain" or not proved, f"chunk {n} is proved and in doubt"
        assert found.intended == len(now.readers)
        assert found.intended == (
            found.accepted + found.suppressed + found.refused + found.uncertain + found.cancelled
        )
        named = {reader.subscriber_id: reader.state for reader in found.unserved}
        assert len(named) == found.intended - found.accepted
        for reader in now.readers:
            if not self.provider.mailed(reader):
                assert reader in named, f"reader {reader} is lost"

    def read(self) -> Snapshot:
        """Read all that is written."""
        of = {"of": self.mailing.id}
        with reading(self.engine) as connection:
            rows = connection.execute(_CHUNKS, of)
            people = connection.execute(_PEOPLE, of)
            proofs = connection.execute(_PROOFS, of)
            return Snapshot(
                chunks={row.n: ChunkRow(*row[1:]) for row in rows},
                readers={row.subscriber_id: (row.n, row.state) for row in people},
                proved=frozenset((row.n, row.attempt) for row in proofs),
                heard=connection.scalar(_HEARD, of),
                acts=connection.scalar(_ACTS) or 0,
            )

    def _check_sizes(self, now: Snapshot) -> None:
        sizes = Counter(n for n, _ in now.readers.values())
        for n, chunk in now.chunks.items():
            assert chunk.size == sizes[n], f"chunk {n} says {chunk.size} and has {sizes[n]}"
        assert set(sizes) <= set(now.chunks)

    def _check_step(self, n: int, old: Snapshot, new: Snapshot, now: datetime | None) -> None:
        before, after = old.chunks[n], new.chunks[n]
        # an operator's word and the search for evidence may be several transactions
        assert after.state in STEPS[before.state], f"chunk {n}: {before.state} -> {after.state}"
        assert 0 <= after.attempt - before.attempt <= 1
        if (before.state, after.state) == ("uncertain", "planned"):
            self._check_resent(n, old, new, now)

    def _check_resent(self, n: int, old: Snapshot, new: Snapshot, now: datetime | None) -> None:
        chunk = old.chunks[n]
        if new.acts == old.acts and not self._withdrawn(n, chunk):
            raise AssertionError(f"chunk {n} was resent and nobody wrote it down")
        if new.acts > old.acts:
            self.permits.update(old.members(n))
        if not self.by_operator and new.acts > old.acts:
            assert now
            assert not old.proofs(n), "resent in spite of evidence"
            assert chunk.changed + PATIENCE <= now, "resent too early"
            assert old.heard, "resent without a canary"
            assert old.heard > chunk.changed, "resent though no events flow"

    def _withdrawn(self, n: int, chunk: ChunkRow) -> bool:
        """Whether the worker itself may know that nothing has left."""
        return not any(
            request.reference.chunk == n and request.reference.attempt == chunk.attempt
            for request in self.provider.sent
        )


def hurry(engine: Engine) -> None:
    """Let SQLite not wait for the disk: no power fails in these tests."""
    if engine.dialect.name == "sqlite":
        engine.dispose()

        def prepare(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA synchronous = OFF").close()

        event.listen(engine, "connect", prepare)


def empty(engine: Engine) -> None:
    """Forget everything, for the next example."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def choose_forms(engine: Engine, ids: list[int], forms: list[str]) -> None:
    """Let readers choose how they want the issue."""
    with engine.begin() as connection:
        for id, form in zip(ids, forms, strict=False):
            connection.execute(
                update(subscriptions).where(subscriptions.c.subscriber_id == id).values(pdf=form)
            )


def suppress_reader(engine: Engine, number: int, now: datetime) -> None:
    """Let a reader unsubscribe."""
    with engine.begin() as connection:
        key = f"reader{number}@example.org"
        suppress(connection, email_hash(key), EVERYWHERE, "unsubscribed", now)
        ids = select(subscribers.c.id).where(subscribers.c.email_key == key)
        connection.execute(
            update(subscriptions)
            .where(subscriptions.c.subscriber_id.in_(ids))
            .values(status="unsubscribed")
        )
