"""Counting a mailing's readers: whatever stands where, it is what each reader's own state says."""

from collections import Counter
from itertools import product

from sqlalchemy import Engine, select, update

from publisher.deliver import standing
from publisher.deliver.standing import Counts, effective_state
from publisher.deliver.states import Fate, State
from publisher.storage.schema import chunks, deliveries
from tests.deliver.world import planned, subscribe


def test_every_state_of_chunk_and_reader_is_counted_where_it_belongs(engine: Engine) -> None:
    fates: list[Fate | None] = [None, *Fate]
    readers = subscribe(engine, len(State) * len(fates))
    mailing = planned(engine, batch=len(fates))
    with engine.begin() as connection:
        for n, state in enumerate(State, start=1):
            connection.execute(update(chunks).where(chunks.c.n == n).values(state=state))
        for reader, (_, fate) in zip(readers, product(State, fates), strict=True):
            row = deliveries.c.subscriber_id == reader
            connection.execute(update(deliveries).where(row).values(state=fate))
    with engine.connect() as connection:
        states = connection.scalars(
            select(effective_state()).select_from(deliveries.join(chunks, standing.SAME_CHUNK))
        )
        expected = Counts(**Counter(map(str, states)))
        assert standing.counts(connection, mailing.id) == expected
    assert expected.intended == len(readers)


def test_a_mailing_without_readers_counts_nobody(engine: Engine) -> None:
    mailing = planned(engine)
    with engine.connect() as connection:
        assert standing.counts(connection, mailing.id) == Counts()
