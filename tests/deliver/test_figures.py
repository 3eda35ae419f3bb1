"""What became of a mailing's mails, counted in both databases."""

import pytest
from sqlalchemy import Engine

from publisher.deliver.feedback.events import Kind
from publisher.deliver.figures import HOURS, Acts, Figures, Hour, Tally, figures_of
from publisher.deliver.mailing import Mailing
from publisher.deliver.providers import OTHERS, Provider
from publisher.deliver.roll import Copy, roll
from publisher.deliver.sender import Outcome, Refused, Uncertain
from publisher.storage.engine import reading
from tests.deliver.invented import Heard, hear, moment, sent

GMAIL = [f"g{n}@gmail.com" for n in range(4)]
MICROSOFT = [f"m{n}@{domain}" for n, domain in enumerate(("outlook.com", "hotmail.fr", "Live.com"))]
OWN = ["ada@example.org", "bob@example.org", "cleo@topnet.tn"]
BLOCK = "550 5.7.1 Unfortunately, messages from [198.51.100.7] weren't sent ({}) (S3140)."
NEWS = {
    "g0@gmail.com": Heard(Kind.DELIVERED, 0.1, opened=2.5, clicked={"rivers": 2.6, "figs": 2.7}),
    "g1@gmail.com": Heard(Kind.DELIVERED, 0.1, by_machine=0.2, scanned={"rivers": 0.2}),
    # its delivery was never told of
    "g2@gmail.com": Heard(Kind.PROCESSED, 0.1, opened=30, clicked={"rivers": 30}),
    "g3@gmail.com": Heard(Kind.PROCESSED, 0.1),
    "m0@outlook.com": Heard(Kind.BLOCKED, 0.1, BLOCK.format("a81")),
    "m1@hotmail.fr": Heard(Kind.BLOCKED, 0.1, BLOCK.format("b72")),
    "m2@Live.com": Heard(Kind.DEFERRED, 0.1, "451 4.7.650 try later"),
    "ada@example.org": Heard(Kind.DELIVERED, 1.2, opened=200, complained=True, unsubscribed=True),
    "bob@example.org": Heard(Kind.BOUNCED, 0.3, "550 5.1.1 no such user"),
}


@pytest.fixture
def mailing(engine: Engine) -> Mailing:
    """Ten readers, of whom nine were heard of."""
    mailing = sent(engine, [*GMAIL, *MICROSOFT, *OWN])
    hear(engine, mailing, NEWS)
    return mailing


def figures(engine: Engine, mailing: Mailing) -> Figures:
    with reading(engine) as connection:
        return figures_of(connection, mailing.id)


def test_every_accepted_mail_is_in_one_place(engine: Engine, mailing: Mailing) -> None:
    found = figures(engine, mailing)
    assert found.tally == Tally(delivered=4, deferred=1, blocked=2, dropped=0, bounced=1, unheard=2)
    assert found.tally.accepted == 10
    assert found.heard == 9


def test_people_and_machines_are_counted_apart(engine: Engine, mailing: Mailing) -> None:
    assert figures(engine, mailing).acts == Acts(
        opened=3, clicked=2, machine_opened=1, machine_clicked=1, complained=1, unsubscribed=1
    )


def test_who_was_opened_by_both_is_a_person(engine: Engine, mailing: Mailing) -> None:
    hear(engine, mailing, {"g1@gmail.com": Heard(opened=5)})
    acts = figures(engine, mailing).acts
    assert (acts.opened, acts.machine_opened) == (4, 0)


def test_hours_count_from_the_first_mail(engine: Engine, mailing: Mailing) -> None:
    found = figures(engine, mailing)
    assert found.began == moment(0)
    assert found.hours[0] == Hour(accepted=10, delivered=2)
    assert found.hours[1] == Hour(delivered=1)
    assert found.hours[2] == Hour(opened=1, clicked=1)
    assert found.hours[30] == Hour(opened=1, clicked=1)
    assert len(found.hours) == 31
    assert HOURS < 200
    assert found.later == Hour(opened=1)


def test_a_provider_whose_clock_is_behind_did_not_act_before_the_sending(
    engine: Engine, mailing: Mailing
) -> None:
    hear(engine, mailing, {"cleo@topnet.tn": Heard(Kind.DELIVERED, -0.5)})
    assert figures(engine, mailing).hours[0].delivered == 3


def test_links_count_readers_and_set_scanners_apart(engine: Engine, mailing: Mailing) -> None:
    links = figures(engine, mailing).links
    assert [(link.link, link.readers, link.machines) for link in links] == [
        ("rivers", 2, 1),
        ("figs", 1, 0),
    ]


def by_name(found: Figures) -> dict[str, Provider]:
    return {provider.name: provider for provider in found.providers}


def test_domains_of_one_provider_stand_together_with_what_it_says(
    engine: Engine, mailing: Mailing
) -> None:
    found = figures(engine, mailing)
    assert [provider.name for provider in found.providers] == [
        *("Gmail", "Outlook", "example.org", "topnet.tn"),
    ]
    outlook = by_name(found)["Outlook"]
    assert set(outlook.domains) == {"outlook.com", "hotmail.fr", "live.com"}
    assert (outlook.mails, outlook.failed, outlook.blocked, outlook.deferred) == (3, 3, 2, 1)
    # two mails, two numbers, one reason
    assert outlook.reason.startswith("550 5.7.1 Unfortunately")
    assert by_name(found)["example.org"].complained == 1


def test_small_domains_are_counted_together(
    engine: Engine, mailing: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.deliver.figures._DOMAINS", 2)
    found = figures(engine, mailing)
    assert [provider.name for provider in found.providers] == ["Gmail", "example.org", OTHERS]
    assert found.providers[-1].mails == 4
    assert sum(provider.mails for provider in found.providers) == found.tally.accepted


def test_only_accepted_mails_are_counted(engine: Engine) -> None:
    script: list[Outcome] = [Refused(reason="550 no"), Uncertain(reason="no answer")]
    mailing = sent(engine, GMAIL[:3], script=script, batch=1)
    hear(engine, mailing, {GMAIL[0]: Heard(Kind.BOUNCED), GMAIL[1]: Heard(Kind.DELIVERED)})
    found = figures(engine, mailing)
    assert found.tally == Tally(unheard=1)
    assert [hour.accepted for hour in found.hours] == [1]


def test_a_mailing_nobody_tells_of_has_figures_all_the_same(engine: Engine) -> None:
    found = figures(engine, sent(engine, OWN))
    assert (found.heard, found.tally) == (0, Tally(unheard=3))
    assert found.hours == (Hour(accepted=3),)


def copies(engine: Engine, mailing: Mailing) -> dict[str, Copy]:
    with reading(engine) as connection:
        return {copy.email: copy for copy in roll(connection, mailing.id)}


def test_the_roll_tells_all_of_every_reader(
    engine: Engine, mailing: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.deliver.roll._SLICE", 3)
    found = copies(engine, mailing)
    assert list(found) == [*GMAIL, *MICROSOFT, *OWN]
    reader = found["g0@gmail.com"]
    assert (reader.state, reader.receipt, reader.links) == ("accepted", "delivered", 2)
    assert reader.accepted_at == moment(0)
    assert (reader.delivered, reader.opened, reader.clicked) == (
        *(moment(0.1), moment(2.5), moment(2.6)),
    )
    scanned = found["g1@gmail.com"]
    assert (scanned.opened, scanned.links, scanned.machine_opened) == (None, 0, moment(0.2))
    assert found["g2@gmail.com"].receipt == "delivered"
    assert found["bob@example.org"].receipt_reason == "550 5.1.1 no such user"
    assert found["cleo@topnet.tn"].receipt == "unheard"


def test_the_roll_says_why_a_reader_was_not_mailed(engine: Engine) -> None:
    script: list[Outcome] = [Refused(reason="550 no"), Uncertain(reason="no answer")]
    mailing = sent(engine, GMAIL, script=script, batch=1)
    found = list(copies(engine, mailing).values())
    assert [(copy.state, copy.reason, copy.receipt) for copy in found] == [
        ("refused", "550 no", ""),
        ("uncertain", "no answer", ""),
        ("accepted", "", "unheard"),
        ("accepted", "", "unheard"),
    ]
