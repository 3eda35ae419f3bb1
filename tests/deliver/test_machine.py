"""Any interleaving of real workers, accidents, operators and late news on the real ledger.

Hypothesis chooses the steps; `steered` lets several real workers run one step at a time
on one database. Beside them stands a model of the world: what the provider truly took,
what has been heard of it, and who said what. See `Ledger` for what must hold after
every step.
"""

from contextlib import suppress
from datetime import timedelta
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from publisher.deliver import control, tending
from publisher.deliver.mailing import plan, read_mailing
from publisher.deliver.proving import Evidence, note_evidence
from publisher.deliver.resolving import resend_uncertain, resolve_uncertain
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
from publisher.deliver.sending import send_mailing
from publisher.deliver.working import Courier
from publisher.errors import DeliveryError
from tests.deliver.ledgers import Ledger, choose_forms, empty, hurry, suppress_reader
from tests.deliver.steered import Cut, Pause, Provider, Request, Steered, steer
from tests.deliver.world import PDF, START, issue_mail, planned, subscribe, unsubscribe_url

LEASE = timedelta(minutes=5)
WORKERS = 3
READERS = 7
STEPS = st.sampled_from([1, 2, 4, 20, 20])  #: a worker goes on so far, at most


class World(RuleBasedStateMachine):
    """The workers, the provider, the readers and the operators of one mailing."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        empty(engine)
        self.undo = steer(engine)
        self.now = START
        self.workers: list[Steered] = []
        self.names: list[str] = []  #: of workers that ended and may come again
        self.started = 0

    # ---- what stands at the beginning -------------------------------------------

    @initialize(
        kind=st.sampled_from(["requests", "requests", "singly", "pooled"]),
        attached=st.booleans(),
        batch=st.integers(3, 5),
        planned_in=st.integers(1, 4),
        forms=st.lists(st.sampled_from(["", "", "attach", "none"]), max_size=READERS),
    )
    def begin(
        self, kind: str, attached: bool, batch: int, planned_in: int, forms: list[str]
    ) -> None:
        # the operator may change the batch after the readers were written down
        doubt = {"requests": batch, "singly": 1, "pooled": 2}[kind]
        self.provider = Provider(
            batch=batch,
            doubt=doubt,
            singly=kind != "requests",
            events=kind == "requests",
            clock=lambda: self.now,
        )
        choose_forms(self.engine, subscribe(self.engine, READERS), forms)
        mail = issue_mail(attachments=(PDF,)) if attached else issue_mail()
        self.mailing = planned(self.engine, batch=planned_in, message=mail)
        self.ledger = Ledger(self.engine, self.mailing, self.provider)
        for _ in range(2):
            self.a_worker_starts(again=False, ahead=0)
            self.go_on(self.workers[-1], 20)

    # ---- workers ------------------------------------------------------------------

    @precondition(lambda self: len(self.workers) < WORKERS)
    @rule(
        again=st.booleans(),
        ahead=st.sampled_from([0, 0, 0, -20, 20, 90]),
        kind=st.sampled_from(["sending", "sending", "courier", "tending"]),
    )
    def a_worker_starts(self, again: bool, ahead: int, kind: str = "sending") -> None:
        if again and self.names:
            name = self.names.pop()  # such as one process that tries again
        else:
            self.started += 1
            name = f"worker {self.started}"
        work = {"sending": self.send, "courier": self.carry, "tending": self.tend}[kind]
        worker = Steered(name, work)
        worker.skew = timedelta(seconds=ahead)
        self.workers.append(worker)

    @precondition(lambda self: self.idle())
    @rule(data=st.data(), steps=STEPS)
    def a_worker_goes_on(self, data: st.DataObject, steps: int) -> None:
        self.go_on(data.draw(st.sampled_from(self.idle())), steps)

    @precondition(lambda self: self.workers)
    @rule(data=st.data(), what=st.sampled_from(["kill", "kill", "Ctrl-C", "stop", "slow", *Cut]))
    def a_worker_has_an_accident(self, data: st.DataObject, what: str | Cut) -> None:
        worker = data.draw(st.sampled_from(self.workers))
        match what:
            case "kill":
                worker.kill()
                self.workers.remove(worker)
            case "Ctrl-C":
                worker.interrupt()
                self.stepped(worker)
            case "stop":
                worker.asked_to_stop = True
            case Cut():
                worker.cut = what  # at its next commit
            case _:
                worker.slow = True  # to put its next mail together

    # ---- the provider -------------------------------------------------------------

    @precondition(lambda self: self.waiting_for_answers())
    @rule(data=st.data(), steps=STEPS)
    def a_request_is_answered_well(self, data: st.DataObject, steps: int) -> None:
        worker, request = self.asking(data)
        self.provider.take(request)
        self.step(worker, Accepted(provider_id=request.taken))
        self.go_on(worker, steps)

    @precondition(lambda self: self.waiting_for_answers())
    @rule(data=st.data(), taken=st.booleans(), steps=STEPS)
    def an_answer_is_lost(self, data: st.DataObject, taken: bool, steps: int) -> None:
        worker, request = self.asking(data)
        if taken:
            self.provider.take(request)
        self.step(worker, Uncertain(reason="no answer came"))
        self.go_on(worker, steps)

    @precondition(lambda self: any(not r.taken for r in self.provider.air))
    @rule(data=st.data())
    def a_request_is_taken_and_not_yet_answered(self, data: st.DataObject) -> None:
        untaken = [r for r in self.provider.air if not r.taken]
        self.provider.take(data.draw(st.sampled_from(untaken)))

    @precondition(lambda self: self.refusable())
    @rule(data=st.data(), steps=STEPS)
    def a_request_is_not_taken(self, data: st.DataObject, steps: int) -> None:
        worker = data.draw(st.sampled_from(self.refusable()))
        assert worker.place
        assert worker.place.request
        guilty = data.draw(st.sets(st.sampled_from(worker.place.request.readers), max_size=1))
        outcomes: list[Outcome] = [
            *[Refused(reason="bad address", guilty=frozenset(guilty))] * 4,
            Retry(reason="busy"),
            Retry(reason="busy", at=self.now + timedelta(minutes=2)),
            TooLarge(reason="too large"),
            Stop(reason="wrong key"),
        ]
        if self.provider.singly:
            outcomes.append(Deferred(reason="greylisted"))
        self.step(worker, data.draw(st.sampled_from(outcomes)))
        self.go_on(worker, steps)

    @precondition(lambda self: self.provider.taken)
    @rule(data=st.data(), times=st.integers(1, 2))
    def events_come_late_doubled_and_in_any_order(self, data: st.DataObject, times: int) -> None:
        some = data.draw(st.lists(st.sampled_from(self.provider.taken), min_size=1, max_size=3))
        for _ in range(times):
            self.hear(some)

    # ---- readers and operators ----------------------------------------------------

    @rule(
        act=st.sampled_from(
            ["leave", "leave", "join", "resend", "resend", "rule", "resume", "resume", "records"]
        ),
        number=st.integers(1, READERS),
    )
    def a_reader_or_operator_acts(self, act: str, number: int) -> None:
        match act:
            case "leave":
                suppress_reader(self.engine, number, self.now)
                self.ledger.note_suppressed()
            case "join":
                subscribe(self.engine, READERS + 2)
                plan(self.engine, self.mailing, batch=self.provider.batch, now=self.now)
            case "records":
                self.provider.records_open = not self.provider.records_open
            case "resend":
                self.the_operator_has_doubts_sent_again()
            case _:
                self.the_operator_rules(act, number)

    def the_operator_has_doubts_sent_again(self) -> None:
        # it is too early to say while the provider's records lag
        with self.ledger.operator(), suppress(DeliveryError):
            resend_uncertain(self.engine, self.mailing, self.provider, who="amel", now=self.now)

    def the_operator_rules(self, act: str, number: int) -> None:
        with suppress(DeliveryError):  # it is not under way, not paused, or done
            if act == "resume":
                control.resume(self.engine, self.mailing, who="amel", now=self.now)
            elif number == 1:
                control.cancel(self.engine, self.mailing, who="amel", reason="", now=self.now)
            elif number < 4:
                control.pause(self.engine, self.mailing, who="amel", reason="", now=self.now)

    @rule(minutes=st.sampled_from([1, 1, 4, 6, 11, 31]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    # ---- what must hold -----------------------------------------------------------

    @invariant()
    def the_ledger_tells_the_truth(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.check(self.now)

    def teardown(self) -> None:
        """Whatever happened: when all is well again, everything can be settled."""
        try:
            for worker in self.workers:
                worker.kill()
            self.workers.clear()
            if hasattr(self, "ledger"):
                self.settle()
        finally:
            for worker in self.workers:
                worker.kill()
            self.undo()

    def settle(self) -> None:
        self.hear(self.provider.taken)
        with suppress(DeliveryError):
            control.resume(self.engine, self.mailing, who="amel", now=self.now)
        for _ in range(20):
            self.now += timedelta(minutes=45)
            for kind in ("sending", "tending"):
                self.a_worker_starts(again=False, ahead=0, kind=kind)
                self.run_well(self.workers[0])
            if self.ledger.settled(self.provider.events):
                break
        self.ledger.check_end()

    def run_well(self, worker: Steered) -> None:
        """Let a worker run while nothing goes wrong."""
        for _ in range(2000):
            if not worker.alive:
                return
            if worker.place and worker.place.seconds:
                self.now += timedelta(seconds=worker.place.seconds)
            request = worker.place.request if worker.place else None
            if request:
                self.provider.take(request)
                self.step(worker, Accepted(provider_id=request.taken))
                self.hear([request])
            else:
                self.step(worker)
            self.ledger.check(self.now)
        raise AssertionError("the worker never ends")

    # ---- the machinery ------------------------------------------------------------

    def send(self, worker: Steered) -> object:
        return send_mailing(
            self.engine,
            self.mailing,
            self.provider,
            clock=lambda: self.now + worker.skew,
            unsubscribe_url=partial(self.address, worker),
            owner=worker.name,
            stop=lambda: worker.asked_to_stop,
            wait=lambda seconds: worker.pause(Pause("waiting", seconds=seconds)),
            lease=LEASE,
        )

    def carry(self, worker: Steered) -> None:
        """Answer rings, as a process does that goes on when the database was away."""
        courier = Courier(
            engine=self.engine,
            sender=self.provider,
            clock=lambda: self.now + worker.skew,
            unsubscribe_url=partial(self.address, worker),
            owner=worker.name,
            lease=LEASE,
            wait=lambda seconds: worker.pause(Pause("waiting", seconds=seconds)),
        )
        while not worker.asked_to_stop:
            with suppress(DBAPIError, DeliveryError):
                courier.carry(self.mailing.id, 1)
            worker.pause(Pause("waiting", seconds=5))

    def tend(self, worker: Steered) -> None:
        """Do what every process does now and then."""
        with self.engine.begin() as connection:
            tending.take_back(connection, self.mailing, now=self.now + worker.skew)
        resolve_uncertain(self.engine, self.mailing, self.provider, now=self.now + worker.skew)
        with self.engine.begin() as connection:
            mailing = read_mailing(connection, self.mailing.id)
            tending.close(connection, mailing, now=self.now + worker.skew)

    def address(self, worker: Steered, subscriber_id: int, list_name: str) -> str:
        if worker.slow:
            worker.slow = False
            worker.pause(Pause("building"))
        return unsubscribe_url(subscriber_id, list_name)

    def go_on(self, worker: Steered, steps: int) -> None:
        """Let a worker run until it has a request, waits, or has taken so many steps."""
        for _ in range(steps):
            if worker not in self.idle():
                break
            self.step(worker)
            if worker.place and worker.place.seconds:
                self.now += min(timedelta(seconds=worker.place.seconds), timedelta(seconds=5))
                break

    def step(self, worker: Steered, answer: Outcome | None = None) -> None:
        try:
            worker.step(answer)
        except (DeliveryError, DBAPIError):
            worker.place = None  # told in a sentence: it stopped, or the database is away
        self.stepped(worker)

    def stepped(self, worker: Steered) -> None:
        if worker.place is None and worker in self.workers:
            self.workers.remove(worker)
            self.names.append(worker.name)
        request = worker.place.request if worker.place else None
        if request:
            self.ledger.check_request(request, worker.name, self.now + worker.skew)

    def idle(self) -> list[Steered]:
        """Return the workers that do not wait for an answer."""
        return [w for w in self.workers if w.place and w.place.request is None]

    def waiting_for_answers(self) -> list[Steered]:
        return [w for w in self.workers if w.place and w.place.request]

    def refusable(self) -> list[Steered]:
        asking = self.waiting_for_answers()
        return [w for w in asking if w.place and w.place.request and not w.place.request.taken]

    def asking(self, data: st.DataObject) -> tuple[Steered, Request]:
        worker = data.draw(st.sampled_from(self.waiting_for_answers()))
        assert worker.place
        assert worker.place.request
        return worker, worker.place.request

    def hear(self, requests: list[Request]) -> None:
        """Let an event of each request come in, if the provider tells any."""
        if not self.provider.events:
            return
        found = [
            Evidence(
                mailing_id=self.mailing.id,
                n=request.reference.chunk,
                attempt=request.reference.attempt,
                provider_id=request.taken,
            )
            for request in requests
        ]
        with self.engine.begin() as connection:
            note_evidence(connection, found, source="event", now=self.now)


def test_the_ledger_tells_the_truth_whatever_happens(engine: Engine) -> None:
    hurry(engine)
    # a transaction on PostgreSQL takes longer, and whole transactions never overlap here
    examples = 50 if engine.dialect.name == "sqlite" else 8
    run_state_machine_as_test(
        partial(World, engine),  # type: ignore[arg-type]  # whatever makes a machine will do
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
