"""One chunk through the pool: several mails on their way, few readers in doubt.

Readers are begun in the order given, and never more than `window` are begun and not yet
answered; their answers may come in another order. So whoever was begun and has no answer
on record stands among the first unanswered readers of the chunk, as `states.in_doubt`
takes it to be.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from publisher.deliver.patience import MAX_REFUSED
from publisher.deliver.sender import (
    Accepted,
    Answer,
    Deferred,
    Outcome,
    Recipient,
    Refused,
    Retry,
    Uncertain,
)
from publisher.deliver.senders.headers import address_problem
from publisher.deliver.senders.smtp_dialling import CannotDial
from publisher.deliver.senders.smtp_line import Job, Line, Verdict
from publisher.deliver.senders.smtp_pool import Pool
from publisher.deliver.senders.smtp_replies import Fault, Lost

_LINGER_S = 0.2
_LOSSES = 3  #: connections that break in a row before the server is left alone for a while


class Round:
    """The readers of one chunk, while they are mailed."""

    def __init__(
        self,
        pool: Pool,
        recipients: Sequence[Recipient],
        make_job: Callable[[int, Recipient], Job],
        *,
        window: int,
        host: str,
    ) -> None:
        self._pool, self._recipients, self._make_job = pool, recipients, make_job
        self._window, self._host = window, host
        self._begun = 0  #: readers taken from the front
        self._answers: deque[Answer] = deque()
        self._unanswered = dict(enumerate(recipients))
        self._told = 0  #: answers that are handed on
        self._again: deque[Job] = deque()  #: whose connection broke
        self._aside: deque[Job] = deque()  #: whose connections broke twice: others come first
        self._open = 0  #: jobs that a connection has
        self._served = 0
        # since a mail was last taken:
        self._losses = 0  #: new connections that broke
        self._doubts = self._refusals = 0
        self._fault: Outcome | None = None

    def run(self) -> Iterator[Answer]:
        """Mail the readers; yield each answer as it comes, and one for all who are left."""
        try:
            self._pool.refresh()
            while True:
                self._begin()
                yield from self._handed_on()
                if self._open:
                    self._judge(self._pool.listen(self._next_job))
                    if self._doubts:  # those of one cause are to be told as one
                        self._judge(self._pool.linger(self._next_job, _LINGER_S))
                elif not self._more():
                    break
            if self._fault and self._unanswered:
                yield Answer(tuple(self._unanswered.values()), self._fault)
        finally:
            # closed from outside: what is under way has nobody left to tell it to
            for line in self._pool.busy:
                self._pool.drop(line, "the worker ended")

    def _handed_on(self) -> Iterator[Answer]:
        """Yield what is decided; doubts that arose together as one, for they have one cause."""
        while self._answers:
            answer = self._answers.popleft()
            if isinstance(answer.outcome, Uncertain):
                same = [a for a in self._answers if isinstance(a.outcome, Uncertain)]
                self._answers = deque(a for a in self._answers if a not in same)
                readers = (r for a in (answer, *same) for r in a.recipients)
                answer = Answer(tuple(readers), answer.outcome)
            self._told += len(answer.recipients)
            yield answer

    def _more(self) -> bool:
        """Whether a reader may be begun now."""
        if self._fault:
            return False
        return bool(self._again or self._is_room() or (self._aside and not self._open))

    def _is_room(self) -> bool:
        return self._begun < len(self._recipients) and self._begun - self._told < self._window

    def _next_job(self) -> Job | None:
        while self._more():
            if self._again:
                job = self._again.popleft()
            elif self._is_room():
                number, recipient = self._begun, self._recipients[self._begun]
                self._begun += 1
                problem = address_problem(recipient.email, smtputf8=True)
                if problem:
                    self._answer(number, recipient, Refused(reason=problem))
                    continue
                job = self._make_job(number, recipient)
                job.served_before = self._served
            else:
                job = self._aside.popleft()
            self._open += 1
            return job
        return None

    def _begin(self) -> None:
        """Give every connection something to do; open one more if all have."""
        dialled = False
        while self._more():
            line = self._pool.idle()
            if line is None:
                if dialled:
                    return  # the others may have news: the next one can wait a moment
                try:
                    line = self._pool.one_more()
                except CannotDial as error:
                    self._fault = error.outcome
                    return
                dialled = True
            if line is None:
                return
            self._judge(self._pool.give(line, self._next_job))

    def _judge(self, found: Iterable[tuple[Line, Job, Verdict]]) -> None:
        for line, job, verdict in found:
            self._open -= 1
            if isinstance(verdict, Fault):
                self._break_off(verdict.outcome)
            elif isinstance(verdict, Lost):
                self._lost(line, job, verdict)
            else:
                self._answer(job.number, job.recipient, verdict)
                self._weigh(verdict)

    def _weigh(self, outcome: Outcome) -> None:
        """Break off when one mail after the other goes wrong: that is no reader's fault."""
        match outcome:
            case Accepted():
                self._served += 1
                self._losses = self._doubts = self._refusals = 0
            case Uncertain(reason=reason):
                self._doubts += 1
                if self._doubts >= self._window:
                    self._break_off(Retry(reason=reason))
            case Refused(reason=reason):
                self._refusals += 1
                if self._refusals >= MAX_REFUSED:
                    self._break_off(Retry(reason=reason))
            case _:
                return

    def _answer(self, number: int, recipient: Recipient, outcome: Outcome) -> None:
        del self._unanswered[number]
        self._answers.append(Answer((recipient,), outcome))

    def _lost(self, line: Line, job: Job, lost: Lost) -> None:
        """Try the reader on another connection; find out whose fault it is if that fails too.

        Servers close kept connections after a while, or a number of mails; that says
        nothing. A server that lets us in and breaks off is overcrowded, or ill. One that
        always breaks off at one reader and serves the others has something against her.
        """
        if self._fault:
            return
        if line.served:
            job.kept_losses += 1
        else:
            job.losses += 1
            self._losses += 1
            if len(self._pool):
                self._pool.be_content()
        reason = f"{self._host} drops the connection: {lost.reason}"
        if job.losses >= _LOSSES and self._served > job.served_before:
            self._answer(job.number, job.recipient, Deferred(reason=reason))
        elif self._losses >= _LOSSES:
            self._break_off(Retry(reason=reason))
        elif job.losses + job.kept_losses == 1:
            self._again.append(job)
        else:
            self._aside.append(job)

    def _break_off(self, fault: Outcome) -> None:
        """Hear only of the mails that are handed over; nothing else may leave any more."""
        if self._fault:
            return
        self._fault = fault
        for line in self._pool.busy:
            if line.mailing:
                line.halt()
            else:
                self._judge(self._pool.drop(line, "broken off"))
