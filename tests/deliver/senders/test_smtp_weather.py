"""A mail server in any mood, at random: nobody is mailed twice, and every answer is true."""

import random
import threading
from collections import Counter

import pytest

from publisher.config import Security, SmtpConfig
from publisher.deliver.sender import (
    Accepted,
    Deferred,
    Outcome,
    Recipient,
    Refused,
    Retry,
    Uncertain,
)
from publisher.deliver.senders.smtp import Smtp
from tests.deliver.world import START, issue_mail, people
from tests.servers.smtp_scripted import Guest, scripted_server

MOODS = {
    "takes it": 30,
    "takes it and leaves": 3,
    "takes it and says nothing": 2,
    "leaves before the mail": 2,
    "leaves in the middle of the mail": 2,
    "leaves at the final dot": 1,
    "421 at the envelope": 2,
    "450 to the reader": 2,
    "550 to the reader": 2,
    "450 to the reader, 354": 2,
    "452 to the mail": 2,
    "554 to the mail": 2,
    "raves": 1,
}


class Weather:
    """A server whose mood changes with every mail."""

    def __init__(self, seed: int, *, pipelining: bool) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self.pipelining = pipelining
        self.taken: Counter[str] = Counter()
        self.lock = threading.Lock()

    def __call__(self, guest: Guest) -> None:
        """Serve one connection."""
        if self.mood() == "raves":
            guest.say("421 4.7.0 too many of you")
            return
        guest.hello(*(["PIPELINING"] if self.pipelining else []))
        while self.one(guest):
            pass

    def mood(self) -> str:
        with self.lock:
            return self.chance.choices([*MOODS], [*MOODS.values()])[0]

    def one(self, guest: Guest) -> bool:
        """Hear one envelope and what follows; say whether the connection goes on."""
        mood = self.mood()
        first = guest.hear()
        if first == "RSET":
            guest.say("250 OK")
            first = guest.hear()
        if not first.startswith("MAIL") or mood == "leaves before the mail":
            return False
        if mood in ("421 at the envelope", "raves"):
            guest.say("421 4.3.2 not now" if mood != "raves" else "%&$!")
            return False
        guest.say("250 OK")
        to = guest.hear().partition("<")[2].rstrip(">")
        if "reader" in mood:
            guest.say(f"{mood[:3]} not her")
            if not self.pipelining:
                return True
            guest.hear()
            guest.say("354 go on" if "354" in mood else "554 nobody to mail to")
            if "354" in mood:
                assert guest.mail() == b""
                guest.say("554 nobody to mail to")
            return True
        guest.say("250 OK")
        guest.hear()
        guest.say("354 go on")
        return self.body(guest, to, mood)

    def body(self, guest: Guest, to: str, mood: str) -> bool:
        if mood == "leaves in the middle of the mail":
            guest.socket.recv(100)
            return False
        mail = guest.mail()
        if not mail or mood == "leaves at the final dot":
            return False
        if "mail" in mood and mood[0] in "45":
            guest.say(f"{mood[:3]} not this")
            return True
        with self.lock:
            self.taken[to] += 1
        if mood == "takes it and says nothing":
            return False
        guest.say("250 taken")
        return mood == "takes it"


def send(sender: Smtp, readers: list[Recipient]) -> dict[str, Outcome]:
    answers = list(sender.send(issue_mail(), readers, now=START))
    answered = [r.email for answer in answers for r in answer.recipients]
    assert sorted(answered) == sorted(r.email for r in readers)
    return {r.email: answer.outcome for answer in answers for r in answer.recipients}


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_in_any_weather_nobody_is_mailed_twice_and_every_answer_is_true(
    seed: int, pipelining: bool
) -> None:
    weather = Weather(seed, pipelining=pipelining)
    with scripted_server(weather) as running:
        options = SmtpConfig(
            host="127.0.0.1", port=running.port, security=Security.NONE, connections=3
        )
        sender = Smtp(options, timeout_s=5)
        waiting, settled = people(60), dict[str, Outcome]()
        for _ in range(60):
            found = send(sender, waiting)
            for email, outcome in found.items():
                assert isinstance(outcome, Accepted | Refused | Deferred | Uncertain | Retry)
                if isinstance(outcome, Deferred | Retry | Refused):
                    assert not weather.taken[email], outcome
                if isinstance(outcome, Accepted):
                    assert weather.taken[email] == 1
                settled[email] = outcome
            waiting = [r for r in waiting if isinstance(found[r.email], Deferred | Retry)]
            if not waiting:
                break
        sender.close()
    assert not waiting
    assert len(settled) == 60
    assert all(times == 1 for times in weather.taken.values())
    assert {
        to for to in weather.taken if not isinstance(settled[to], Accepted | Uncertain)
    } == set()
