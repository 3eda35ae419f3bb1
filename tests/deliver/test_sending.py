"""The worker on a real database, with a sender that does as it is told."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, select, update

from publisher.deliver.certificate import certificate_of, counts_of
from publisher.deliver.mailing import load_message, plan
from publisher.deliver.resolving import resend_uncertain
from publisher.deliver.sender import Deferred, Refused, Retry, Stop, TooLarge, Uncertain
from publisher.deliver.sending import Progress, send_mailing
from publisher.deliver.standing import Counts
from publisher.errors import DeliveryError
from publisher.storage.schema import audit, chunks, deliveries, mailings, subscribers, subscriptions
from publisher.storage.suppressions import email_hash, suppress
from tests.deliver.world import (
    PDF,
    START,
    Clock,
    Scripted,
    issue_mail,
    planned,
    run,
    subscribe,
    unsubscribe_url,
)


def acts(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(audit.c.act).order_by(audit.c.id)))


def emails(numbers: range) -> list[str]:
    return [f"reader{number}@example.org" for number in numbers]


def test_every_reader_is_mailed_once_in_chunks_of_the_senders_size(engine: Engine) -> None:
    subscribe(engine, 25)
    sender = Scripted()
    report = run(engine, planned(engine), sender)
    assert sorted(sender.mailed) == sorted(emails(range(1, 26)))
    assert sorted(len(request) for request in sender.requests) == [5, 10, 10]
    assert report.state == "done"
    assert report.counts == Counts(accepted=25)


def test_a_second_send_mails_only_those_who_came_since(engine: Engine) -> None:
    subscribe(engine, 12)
    mailing = planned(engine)
    run(engine, mailing, Scripted())
    subscribe(engine, 3, first=13)
    assert plan(engine, mailing, batch=10, now=START) == 3
    again = Scripted()
    report = run(engine, mailing, again)
    assert sorted(again.mailed) == emails(range(13, 16))
    assert report.counts == Counts(accepted=15)
    third = Scripted()
    assert plan(engine, mailing, batch=10, now=START) == 0
    assert run(engine, mailing, third).state == "done"
    assert third.requests == []


def test_who_unsubscribes_between_plan_and_send_is_not_mailed(engine: Engine) -> None:
    gone, blocked, bounced, removed, *_ = subscribe(engine, 10)
    mailing = planned(engine)
    with engine.begin() as connection:
        connection.execute(
            update(subscriptions)
            .where(subscriptions.c.subscriber_id == gone)
            .values(status="unsubscribed")
        )
        connection.execute(
            update(subscribers).where(subscribers.c.id == blocked).values(status="blocked")
        )
        suppress(connection, email_hash("reader3@example.org"), "*", "bounced", START)
        connection.execute(delete(subscriptions).where(subscriptions.c.subscriber_id == removed))
        connection.execute(delete(subscribers).where(subscribers.c.id == removed))
    sender = Scripted()
    run(engine, mailing, sender)
    assert sorted(sender.mailed) == sorted(emails(range(5, 11)))
    found = certificate_of(engine, mailing)
    assert (found.intended, found.accepted, found.suppressed) == (10, 6, 4)
    assert {(r.subscriber_id, r.email, r.reason) for r in found.unserved} == {
        (gone, "reader1@example.org", "no longer subscribed"),
        (blocked, "reader2@example.org", "blocked by the operator"),
        (bounced, "reader3@example.org", "bounced"),
        (removed, "reader4@example.org", "no longer a reader"),
    }
    assert found.complete
    assert found.sentence == "2026-W47 to readers: 6 of 10 accepted, 4 suppressed"


def test_a_reader_who_changed_her_address_is_mailed_at_the_new_one(engine: Engine) -> None:
    (reader,) = subscribe(engine, 1)
    mailing = planned(engine)
    with engine.begin() as connection:
        connection.execute(
            update(subscribers)
            .where(subscribers.c.id == reader)
            .values(email="new@example.org", email_key="new@example.org")
        )
    sender = Scripted()
    run(engine, mailing, sender)
    assert sender.mailed == ["new@example.org"]
    with engine.connect() as connection:
        assert connection.scalar(select(deliveries.c.email)) == "new@example.org"


def test_a_bad_address_is_found_by_halving_and_named_with_its_reason(engine: Engine) -> None:
    subscribe(engine, 16)

    class Picky(Scripted):
        def judge(self) -> None:
            if "reader11@example.org" in self.requests[-1]:
                self.script.insert(0, Refused(reason="400: a bad address"))

    sender = Picky(batch=16)
    sender.before = sender.judge
    mailing = planned(engine, batch=16)
    report = run(engine, mailing, sender)
    assert report.counts == Counts(accepted=15, refused=1)
    found = certificate_of(engine, mailing).unserved
    assert [(r.email, r.reason) for r in found] == [("reader11@example.org", "400: a bad address")]
    assert len(sender.mailed) == len(set(sender.mailed)) == 15
    assert len(sender.requests) <= 2 * 4 + 1


def test_readers_the_provider_names_are_refused_at_once(engine: Engine) -> None:
    ids = subscribe(engine, 10)
    sender = Scripted(script=[Refused(reason="bad", guilty=frozenset(ids[2:4]))])
    report = run(engine, planned(engine), sender)
    assert report.counts == Counts(accepted=8, refused=2)
    assert len(sender.requests) == 2


def test_a_wrong_key_stops_the_mailing_with_its_sentence_and_loses_nobody(engine: Engine) -> None:
    subscribe(engine, 25)
    mailing = planned(engine)
    sender = Scripted(script=[Stop(reason="SENDGRID_API_KEY is wrong")])
    report = run(engine, mailing, sender)
    assert (report.state, report.reason) == ("stopped", "SENDGRID_API_KEY is wrong")
    assert report.counts == Counts(waiting=25)
    assert len(sender.requests) == 1
    assert acts(engine) == ["stop"]
    again = run(engine, mailing, Scripted())
    assert (again.state, again.counts) == ("done", Counts(accepted=25))


def test_a_busy_provider_is_tried_again_when_it_says(engine: Engine) -> None:
    subscribe(engine, 10)
    clock = Clock()
    sender = Scripted(script=[Retry(reason="429", at=START + timedelta(seconds=30))])
    report = run(engine, planned(engine), sender, clock)
    assert report.counts == Counts(accepted=10)
    assert sum(clock.waits) == pytest.approx(30)
    assert [r.attempt for r in sender.references] == [1, 2]


def test_a_provider_that_stays_away_stops_the_mailing_in_the_end(engine: Engine) -> None:
    subscribe(engine, 10)
    clock = Clock()
    sender = Scripted(script=[Retry(reason="no route")] * 50)
    report = run(engine, planned(engine), sender, clock)
    assert report.state == "stopped"
    assert "no route (tried 9 times)" in report.reason
    assert report.counts == Counts(waiting=10)
    assert timedelta(minutes=10) < clock.now - START < timedelta(hours=1)


def test_a_lost_answer_leaves_the_chunk_uncertain_and_never_sent_again(engine: Engine) -> None:
    subscribe(engine, 25)
    mailing = planned(engine)
    sender = Scripted(script=[Uncertain(reason="no answer")])
    report = run(engine, mailing, sender)
    assert report.state == "done"
    assert report.counts.uncertain == 5
    assert report.counts.accepted == 20
    again = Scripted()
    assert run(engine, mailing, again).counts == report.counts
    assert again.requests == []
    found = certificate_of(engine, mailing)
    assert not found.complete
    assert {(r.state, r.reason) for r in found.unserved} == {("uncertain", "no answer")}


def test_a_provider_that_is_ill_stops_the_mailing_before_all_are_in_doubt(engine: Engine) -> None:
    subscribe(engine, 100)
    report = run(engine, planned(engine), Scripted(script=[Uncertain(reason="500")] * 99))
    assert report.state == "stopped"
    assert "500 (3 times in a row)" in report.reason
    assert report.counts == Counts(uncertain=30, waiting=70)


def test_the_providers_records_settle_a_doubt(engine: Engine) -> None:
    subscribe(engine, 10)
    mailing = planned(engine)
    sender = Scripted(script=[Uncertain(reason="500")])
    assert run(engine, mailing, sender).counts == Counts(uncertain=10)
    knowing = Scripted(records={"reader4@example.org": "abc"})
    assert run(engine, mailing, knowing).counts == Counts(accepted=10)
    with engine.connect() as connection:
        assert connection.scalar(select(chunks.c.provider_id)) == "abc"
    assert acts(engine) == ["evidence found"]


def test_an_operator_may_resend_to_the_doubtful_once_the_records_are_conclusive(
    engine: Engine,
) -> None:
    subscribe(engine, 10)
    mailing = planned(engine)
    sender = Scripted(script=[Uncertain(reason="500")], lag=timedelta(minutes=10))
    run(engine, mailing, sender)
    with pytest.raises(DeliveryError, match="try again after 07:10 UTC"):
        resend_uncertain(engine, mailing, sender, who="amel", now=START + timedelta(minutes=5))
    later = START + timedelta(minutes=11)
    assert resend_uncertain(engine, mailing, sender, who="amel", now=later) == 10
    report = run(engine, mailing, sender, Clock(later))
    assert report.counts == Counts(accepted=10)
    assert [r.attempt for r in sender.references] == [1, 2]
    with engine.connect() as connection:
        row = connection.execute(select(audit)).one()
    assert (row.who, row.act, row.details["attempt"]) == ("amel", "resend uncertain", 2)
    assert len(row.details["readers"]) == 10


def test_too_large_with_the_pdf_goes_out_without_it(engine: Engine) -> None:
    subscribe(engine, 20)
    mailing = planned(engine, message=issue_mail(attachments=(PDF,)))
    sender = Scripted(script=[TooLarge(reason="413")])
    report = run(engine, mailing, sender)
    assert report.counts == Counts(accepted=20)
    assert [len(m.attachments) for m in sender.messages] == [1, 0, 0]
    assert acts(engine) == ["leave attachments"]
    assert load_message(engine, mailing).attachments == ()


def test_a_pdf_over_the_senders_limit_is_not_even_tried(engine: Engine) -> None:
    subscribe(engine, 5)
    mailing = planned(engine, message=issue_mail(attachments=(PDF,)))
    sender = Scripted(size_limit=600)
    run(engine, mailing, sender)
    assert [len(m.attachments) for m in sender.messages] == [0]


def test_too_large_without_attachments_is_halved_and_stops_at_a_single_reader(
    engine: Engine,
) -> None:
    subscribe(engine, 4)
    report = run(engine, planned(engine), Scripted(script=[TooLarge(reason="413")] * 9))
    assert report.state == "stopped"
    assert "the mail itself is too large" in report.reason
    assert report.counts == Counts(waiting=4)


def test_single_answers_are_recorded_one_by_one(engine: Engine) -> None:
    subscribe(engine, 4)
    mailing = planned(engine)
    sender = Scripted(singly=True, doubt=1)
    seen: list[int] = []
    sender.before = lambda: seen.append(counts_of(engine, mailing).accepted)
    sender.script = []
    run(engine, mailing, sender)
    assert seen == [0, 1, 2, 3]


def test_refusals_deferrals_and_doubts_of_single_readers_are_kept_apart(engine: Engine) -> None:
    subscribe(engine, 6)
    mailing = planned(engine)
    clock = Clock()
    from publisher.deliver.sender import Accepted

    sender = Scripted(
        singly=True,
        doubt=1,
        script=[
            Accepted(),
            Refused(reason="550 no such user"),
            Deferred(reason="451 greylisted"),
            Uncertain(reason="hung up after the dot"),
            Accepted(),
        ],
    )
    report = run(engine, mailing, sender, clock)
    assert report.counts == Counts(accepted=4, refused=1, uncertain=1)
    assert sender.requests[1:] == [["reader3@example.org"]]
    assert clock.now - START >= timedelta(minutes=1)
    assert {(r.email, r.state, r.reason) for r in certificate_of(engine, mailing).unserved} == {
        ("reader2@example.org", "refused", "550 no such user"),
        ("reader4@example.org", "uncertain", "hung up after the dot"),
    }


def test_a_reader_put_off_too_often_is_refused_with_the_reason(engine: Engine) -> None:
    subscribe(engine, 1)
    mailing = planned(engine)
    sender = Scripted(singly=True, doubt=1, script=[Deferred(reason="451 later")] * 9)
    report = run(engine, mailing, sender)
    assert report.counts == Counts(refused=1)
    (reader,) = certificate_of(engine, mailing).unserved
    assert "451 later" in reader.reason
    assert len(sender.requests) == 5


def test_a_server_lost_in_the_middle_of_a_chunk_keeps_the_rest_waiting(engine: Engine) -> None:
    subscribe(engine, 6)
    mailing = planned(engine)

    class Dying(Scripted):
        def send(self, message, recipients, *, now, reference=None):  # type: ignore[no-untyped-def]  # as in the protocol
            from publisher.deliver.sender import Accepted, Answer

            self.requests.append([r.email for r in recipients])
            if len(self.requests) > 1:
                self.mailed += self.requests[-1]
                yield Answer(tuple(recipients), Accepted())
                return
            self.mailed += [r.email for r in recipients[:2]]
            yield Answer((recipients[0],), Accepted())
            yield Answer((recipients[1],), Accepted())
            yield Answer(tuple(recipients[2:]), Retry(reason="gone"))

    sender = Dying(doubt=1)
    report = run(engine, mailing, sender)
    assert report.counts == Counts(accepted=6)
    assert sender.requests[1] == emails(range(3, 7))
    assert len(set(sender.mailed)) == len(sender.mailed) == 6


def test_asked_to_end_a_worker_finishes_its_chunk_and_leaves_the_rest(engine: Engine) -> None:
    subscribe(engine, 30)
    mailing = planned(engine)
    sender = Scripted()
    report = run(engine, mailing, sender, stop=lambda: len(sender.requests) == 1)
    assert (report.state, report.counts) == ("sending", Counts(accepted=10, waiting=20))
    assert run(engine, mailing, Scripted()).counts == Counts(accepted=30)


def test_a_paused_mailing_is_left_alone_even_in_the_middle(engine: Engine) -> None:
    subscribe(engine, 30)
    mailing = planned(engine)

    def pause() -> None:
        with engine.begin() as connection:
            connection.execute(update(mailings).values(state="paused"))

    report = run(engine, mailing, Scripted(before=pause))
    assert (report.state, report.counts) == ("paused", Counts(accepted=10, waiting=20))
    untouched = Scripted()
    assert run(engine, mailing, untouched).state == "paused"
    assert untouched.requests == []


def test_a_bad_mail_stops_before_every_reader_has_been_refused(engine: Engine) -> None:
    subscribe(engine, 300)
    sender = Scripted(batch=100, script=[Refused(reason="400 Bad Request")] * 2000)
    report = run(engine, planned(engine, batch=100), sender)
    assert report.state == "stopped"
    assert "it is the mail and not the readers: 400 Bad Request" in report.reason
    assert len(sender.requests) <= 50


def test_progress_counts_up_to_everybody(engine: Engine) -> None:
    subscribe(engine, 25)
    mailing = planned(engine)
    seen: list[Progress] = []
    clock = Clock()
    send_mailing(
        engine,
        mailing,
        Scripted(script=[Retry(reason="429")]),
        clock=clock,
        unsubscribe_url=unsubscribe_url,
        owner="worker",
        progress=seen.append,
        wait=clock.wait,
    )
    assert (seen[0].settled, seen[0].intended) == (0, 25)
    assert (seen[-1].settled, seen[-1].intended) == (25, 25)
    assert any(p.note.startswith("waiting for the mail service until 07:00:0") for p in seen)
