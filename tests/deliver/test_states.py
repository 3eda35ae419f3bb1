"""The rules of a chunk's life: each by itself, then any interleaving of workers and accidents."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from publisher.deliver import states
from publisher.deliver.patience import MAX_REFUSED, MAX_RETRIES, MAX_UNCERTAIN, Patience, after
from publisher.deliver.sender import (
    Accepted,
    Deferred,
    Outcome,
    Refused,
    Retry,
    Stop,
    TooLarge,
    Uncertain,
)
from publisher.deliver.states import Chunk, LeaseLost, State
from tests.deliver.world import START

LEASE = timedelta(minutes=5)
PLANNED = Chunk(mailing_id=1, n=1, size=10)


def sending(owner: str = "a") -> Chunk:
    claimed = states.claim(PLANNED, owner=owner, now=START, lease=LEASE)
    return states.begin(claimed, owner=owner, now=START, lease=LEASE, doubt=10)


def test_a_chunk_goes_from_planned_to_accepted() -> None:
    claimed = states.claim(PLANNED, owner="a", now=START, lease=LEASE)
    assert (claimed.state, claimed.lease_until) == (State.CLAIMED, START + LEASE)
    begun = states.begin(claimed, owner="a", now=START, lease=LEASE, doubt=10)
    assert (begun.state, begun.attempt, begun.doubt) == (State.SENDING, 1, 10)
    done = states.conclude(begun, Accepted(provider_id="x"), owner="a", attempt=1, now=START)
    assert (done.state, done.provider_id, done.lease_owner) == (State.ACCEPTED, "x", None)
    assert done.settled


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Accepted(), State.ACCEPTED),
        (Refused(reason="r"), State.SPLIT),
        (TooLarge(reason="r"), State.PLANNED),
        (Retry(reason="r"), State.PLANNED),
        (Deferred(reason="r"), State.PLANNED),
        (Stop(reason="r"), State.PLANNED),
        (Uncertain(reason="r"), State.UNCERTAIN),
    ],
)
def test_each_answer_has_its_state(outcome: Outcome, state: State) -> None:
    done = states.conclude(sending(), outcome, owner="a", attempt=1, now=START)
    assert done.state is state
    if not isinstance(outcome, Accepted):
        assert done.reason == "r"


def test_a_refused_single_reader_is_refused_and_not_split() -> None:
    alone = replace(sending(), size=1)
    done = states.conclude(alone, Refused(reason="r"), owner="a", attempt=1, now=START)
    assert done.state is State.REFUSED


def test_nobody_else_may_begin_or_conclude() -> None:
    claimed = states.claim(PLANNED, owner="a", now=START, lease=LEASE)
    with pytest.raises(LeaseLost):
        states.begin(claimed, owner="b", now=START, lease=LEASE, doubt=1)
    with pytest.raises(LeaseLost):
        states.conclude(sending(), Accepted(), owner="b", attempt=1, now=START)
    with pytest.raises(LeaseLost):
        states.conclude(sending(), Accepted(), owner="a", attempt=2, now=START)


def test_a_worker_frozen_past_its_lease_may_not_begin() -> None:
    claimed = states.claim(PLANNED, owner="a", now=START, lease=LEASE)
    with pytest.raises(LeaseLost):
        states.begin(claimed, owner="a", now=START + LEASE, lease=LEASE, doubt=1)


def test_a_chunk_is_not_claimed_before_its_time() -> None:
    later = replace(PLANNED, not_before=START + LEASE)
    with pytest.raises(LeaseLost):
        states.claim(later, owner="a", now=START, lease=LEASE)
    states.claim(later, owner="a", now=START + LEASE, lease=LEASE)


def test_what_was_only_claimed_is_planned_again_and_what_was_being_sent_is_not() -> None:
    claimed = states.claim(PLANNED, owner="a", now=START, lease=LEASE)
    late = START + LEASE
    assert states.expire(claimed, now=late).state is State.PLANNED
    assert states.expire(sending(), now=late).state is State.UNCERTAIN
    assert states.expire(replace(sending(), doubt=0), now=late).state is State.PLANNED
    with pytest.raises(LeaseLost):
        states.expire(sending(), now=START)


def test_doubt_is_left_by_evidence_or_word_alone() -> None:
    doubtful = states.expire(sending(), now=START + LEASE)
    steps: tuple[Callable[[], Chunk], ...] = (
        lambda: states.claim(doubtful, owner="b", now=START, lease=LEASE),
        lambda: states.expire(doubtful, now=START + 9 * LEASE),
        lambda: states.conclude(doubtful, Accepted(), owner="b", attempt=1, now=START),
    )
    for step in steps:
        with pytest.raises(LeaseLost):
            step()
    assert states.prove(doubtful, "x").state is State.ACCEPTED
    assert states.resend(doubtful).state is State.PLANNED
    late = states.conclude(doubtful, Accepted(), owner="a", attempt=1, now=START)
    assert late.state is State.ACCEPTED


def test_a_worker_that_knows_that_nothing_left_may_withdraw_its_chunk() -> None:
    claimed = states.claim(PLANNED, owner="a", now=START, lease=LEASE)
    doubtful = states.expire(sending(), now=START + LEASE)
    for chunk in (claimed, sending(), doubtful):
        back = states.withdraw(chunk, owner="a", attempt=chunk.attempt)
        assert (back.state, back.lease_owner, back.lease_until, back.doubt) == (
            *(State.PLANNED, None, None),
            0,
        )
        for owner, attempt in (("b", chunk.attempt), ("a", chunk.attempt + 1)):
            with pytest.raises(LeaseLost):
                states.withdraw(chunk, owner=owner, attempt=attempt)
    done = states.conclude(sending(), Accepted(), owner="a", attempt=1, now=START)
    with pytest.raises(LeaseLost):
        states.withdraw(done, owner="a", attempt=1)


def test_only_what_nobody_has_begun_can_be_cancelled() -> None:
    cancelled = states.cancel(PLANNED)
    assert cancelled.settled
    claimed = states.claim(PLANNED, owner="a", now=START, lease=LEASE)
    doubtful = states.expire(sending(), now=START + LEASE)
    for chunk in (claimed, sending(), doubtful, cancelled):
        with pytest.raises(LeaseLost):
            states.cancel(chunk)


def test_evidence_that_comes_before_the_next_attempt_settles_the_chunk() -> None:
    again = states.resend(states.expire(sending(), now=START + LEASE))
    assert states.prove(again, "x").state is State.ACCEPTED
    with pytest.raises(LeaseLost):
        states.prove(PLANNED, "x")  # it was never tried: whose evidence should that be?
    with pytest.raises(LeaseLost):
        states.prove(sending(), "x")  # its worker will know in a moment


def test_a_lease_is_renewed_only_while_it_lasts() -> None:
    later = START + LEASE - timedelta(seconds=1)
    renewed = states.renew(sending(), owner="a", now=later, lease=LEASE)
    assert renewed.lease_until == later + LEASE
    for owner, now in (("a", START + LEASE), ("b", START)):
        with pytest.raises(LeaseLost):
            states.renew(sending(), owner=owner, now=now, lease=LEASE)


def test_a_reader_put_off_too_often_is_given_up() -> None:
    chunk = replace(sending(), size=1, attempt=states.MAX_DEFERRALS)
    put_off = Deferred(reason="mailbox is full")
    done = states.conclude(chunk, put_off, owner="a", attempt=chunk.attempt, now=START)
    assert done.state is State.REFUSED
    assert done.reason.endswith("mailbox is full")


@given(st.lists(st.integers(), unique=True), st.integers(0, 50))
def test_who_is_in_doubt_and_who_is_untried_are_everybody(members: list[int], doubt: int) -> None:
    doubtful, untried = states.in_doubt(members, doubt)
    assert [*doubtful, *untried] == members
    assert len(doubtful) == min(doubt, len(members))


@given(st.lists(st.integers(), unique=True, min_size=2), st.data())
def test_blame_loses_nobody(members: list[int], data: st.DataObject) -> None:
    guilty = frozenset(data.draw(st.sets(st.sampled_from(members))))
    refused, groups = states.blame(members, guilty)
    assert sorted([*refused, *(m for group in groups for m in group)]) == sorted(members)
    assert set(refused) <= guilty
    assert all(0 < len(group) < len(members) for group in groups)


def test_patience_ends_with_a_sentence_and_is_renewed_by_success() -> None:
    for outcome, times in (
        (Retry(reason="away"), MAX_RETRIES + 1),
        (Uncertain(reason="ill"), MAX_UNCERTAIN),
        (Refused(reason="bad"), MAX_REFUSED),
    ):
        patience = Patience()
        for number in range(1, times + 1):
            assert not patience.stop, number
            patience = after(patience, outcome, START)
        assert outcome.reason in patience.stop
    assert after(Patience(retries=3), Accepted(), START) == Patience()
    assert after(Patience(), Stop(reason="key"), START).stop == "key"


@dataclass
class Request:
    """A request in the air: the provider may have taken it, the answer may be lost."""

    owner: str
    chunk: Chunk
    taken: bool = False


class Interleavings(RuleBasedStateMachine):
    """Workers, crashes, lost answers, late answers and operators in any order.

    The ledger is one chunk; writing is the comparison and swap that the SQL does.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.stored = PLANNED
        self.claims: dict[str, Chunk] = {}
        self.air: list[Request] = []
        self.mailed = 0  #: how often the provider took it over
        self.attempts = 0
        self.words = 0  #: how often an operator said "send again"

    def write(self, before: Chunk, after: Chunk) -> None:
        same = (before.state, before.attempt, before.lease_owner)
        if same != (self.stored.state, self.stored.attempt, self.stored.lease_owner):
            raise LeaseLost
        self.stored = after

    @rule(owner=st.sampled_from("ab"))
    def claim(self, owner: str) -> None:
        try:
            claimed = states.claim(self.stored, owner=owner, now=self.now, lease=LEASE)
            self.write(self.stored, claimed)
            self.claims[owner] = claimed
        except LeaseLost:
            pass

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def begin_and_post(self, data: st.DataObject) -> None:
        owner = data.draw(st.sampled_from(sorted(self.claims)))
        claimed = self.claims.pop(owner)
        try:
            begun = states.begin(claimed, owner=owner, now=self.now, lease=LEASE, doubt=10)
            self.write(claimed, begun)
            self.air.append(Request(owner, begun))
        except LeaseLost:
            pass

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def crash_after_claiming(self, data: st.DataObject) -> None:
        self.claims.pop(data.draw(st.sampled_from(sorted(self.claims))))

    @precondition(lambda self: any(not r.taken for r in self.air))
    @rule(data=st.data())
    def provider_takes(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from([r for r in self.air if not r.taken]))
        request.taken = True
        self.mailed += 1

    @precondition(lambda self: self.air)
    @rule(data=st.data(), lost=st.booleans(), kind=st.sampled_from(["busy", "refused"]))
    def answer(self, data: st.DataObject, lost: bool, kind: str) -> None:
        request = self.air.pop(data.draw(st.integers(0, len(self.air) - 1)))
        outcome: Outcome
        if request.taken:
            outcome = Uncertain(reason="lost") if lost else Accepted(provider_id="x")
        elif lost:
            outcome = Uncertain(reason="lost")
        else:
            outcome = Retry(reason=kind) if kind == "busy" else Stop(reason=kind)
        try:
            before = self.stored
            after = states.conclude(
                before, outcome, owner=request.owner, attempt=request.chunk.attempt, now=self.now
            )
            self.write(before, after)
        except LeaseLost:
            pass

    @precondition(lambda self: self.air)
    @rule(data=st.data())
    def crash_while_sending(self, data: st.DataObject) -> None:
        self.air.pop(data.draw(st.integers(0, len(self.air) - 1)))

    @rule(minutes=st.integers(1, 10))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        with suppress(LeaseLost):
            self.write(self.stored, states.expire(self.stored, now=self.now))

    @precondition(lambda self: self.mailed)
    @rule()
    def evidence_comes(self) -> None:
        with suppress(LeaseLost):  # there is no doubt; the evidence is kept elsewhere
            self.write(self.stored, states.prove(self.stored, "x"))

    @precondition(lambda self: any(not r.taken for r in self.air))
    @rule(data=st.data())
    def a_worker_wakes_late_and_does_not_send(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from([r for r in self.air if not r.taken]))
        self.air.remove(request)
        with suppress(LeaseLost):
            attempt = request.chunk.attempt
            back = states.withdraw(self.stored, owner=request.owner, attempt=attempt)
            self.write(self.stored, back)

    @rule(sure=st.integers(0, 9))
    def operator_cancels(self, sure: int) -> None:
        if sure == 0:
            with suppress(LeaseLost):
                self.write(self.stored, states.cancel(self.stored))

    @precondition(lambda self: self.stored.state is State.UNCERTAIN)
    @rule()
    def operator_resends(self) -> None:
        self.words += 1
        self.write(self.stored, states.resend(self.stored))

    @invariant()
    def nobody_is_mailed_twice_but_by_an_operators_word(self) -> None:
        assert self.mailed <= 1 + self.words

    @invariant()
    def accepted_means_mailed(self) -> None:
        assert self.stored.state is not State.ACCEPTED or self.mailed

    @invariant()
    def mailed_is_never_forgotten(self) -> None:
        """Whatever was taken is accepted, in doubt, or has its request or lease still open."""
        if self.mailed and not self.words:
            assert self.stored.state in (State.ACCEPTED, State.UNCERTAIN, State.SENDING)

    @invariant()
    def cancelled_means_not_mailed(self) -> None:
        assert self.stored.state is not State.CANCELLED or not self.mailed or self.words

    @invariant()
    def attempts_only_rise(self) -> None:
        assert self.stored.attempt >= self.attempts
        self.attempts = self.stored.attempt

    @invariant()
    def nobody_is_stuck(self) -> None:
        """An unsettled chunk is due or has a lease that runs out."""
        if not self.stored.settled and self.stored.state is not State.PLANNED:
            assert self.stored.lease_until is not None


TestInterleavings: Any = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
