"""What the local SendGrid says became of mails: every field where the documentation has it."""

from collections import Counter
from typing import Any

import pytest

from publisher.rehearsal.events import QUIET, Behaviour, Event, events_of

AT = 1_795_244_400


def request(*emails: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a request as our sender makes it."""
    body = {
        "personalizations": [
            {
                "to": [{"email": email}],
                "headers": {"Message-ID": f"<{number}@sirocco.example>"},
                "substitutions": {"%%tag%%": f"reader{number}"},
                "custom_args": {"publisher_reader": str(number)},
            }
            for number, email in enumerate(emails, start=1)
        ],
        "from": {"email": "weekly@sirocco.example"},
        "subject": "Sirocco 12",
        "content": [
            {"type": "text/plain", "value": "Read https://sirocco.example/plain"},
            {
                "type": "text/html",
                "value": '<a href="https://sirocco.example/water?a=1&amp;r=%%tag%%">w</a>'
                "<a href=https://sirocco.example/dust>d</a>"
                '<a clicktracking=off href="https://sirocco.example/unsubscribe/1">out</a>',
            },
        ],
        "categories": ["2026-W47", "sirocco.example/2026-W47/1"],
        "custom_args": {"publisher_chunk": "3", "publisher_attempt": "1"},
    }
    return {**body, **changes}


def fate(told: str, **changes: Any) -> list[Event]:
    """Return the events of one mail that meets this fate."""
    behaviour = Behaviour(fates={"a@example.org": told})
    return list(
        events_of(request("a@example.org", **changes), "Xj5LmNkWSOqRbdvOpR34BA", behaviour, at=AT)
    )


def kinds(events: list[Event]) -> list[str]:
    return [event["event"] for event in events]


def test_custom_args_stand_at_the_top_level_and_every_event_names_its_request() -> None:
    processed, delivered = fate("delivered")
    for event in (processed, delivered):
        assert event["publisher_chunk"] == "3"
        assert event["publisher_reader"] == "1"
        assert event["sg_message_id"].startswith("Xj5LmNkWSOqRbdvOpR34BA.")
        assert event["smtp-id"] == "<1@sirocco.example>"
        assert event["email"] == "a@example.org"
        assert event["category"] == ["2026-W47", "sirocco.example/2026-W47/1"]
    assert delivered["response"].startswith("250")
    assert processed["sg_event_id"] != delivered["sg_event_id"]


def test_a_single_category_is_a_text_and_none_is_absent() -> None:
    assert fate("delivered", categories=["one"])[0]["category"] == "one"
    assert "category" not in fate("delivered", categories=[])[0]


@pytest.mark.parametrize(
    ("told", "type_", "statuses"),
    [("bounced", "bounce", "5."), ("blocked", "blocked", "45")],
)
def test_a_bounce_says_why_and_of_which_kind(told: str, type_: str, statuses: str) -> None:
    *_, bounce = fate(told)
    assert (bounce["event"], bounce["type"]) == ("bounce", type_)
    assert bounce["status"][0] in statuses
    assert bounce["reason"]
    assert bounce["bounce_classification"]
    assert "delivered" not in kinds(fate(told))


def test_a_dropped_mail_has_no_other_event() -> None:
    (dropped,) = fate("dropped")
    assert dropped["reason"]


def test_deferrals_count_their_attempts_in_text_and_delivery_comes_later() -> None:
    events = fate("deferred+delivered")
    deferred = [event for event in events if event["event"] == "deferred"]
    assert [event["attempt"] for event in deferred] == [str(n) for n in range(len(deferred))]
    assert events[-1]["event"] == "delivered"
    assert events[-1]["timestamp"] > deferred[-1]["timestamp"]


def test_clicks_follow_the_links_of_the_mail_but_not_those_that_are_not_tracked() -> None:
    links = {"https://sirocco.example/water?a=1&r=reader1", "https://sirocco.example/dust"}
    scanned = [event for event in fate("delivered+scanned") if event["event"] == "click"]
    assert {event["url"] for event in scanned} == links
    clicked = [event for event in fate("delivered+opened+clicked") if event["event"] == "click"]
    assert clicked
    assert {event["url"] for event in clicked} <= links
    off = {"click_tracking": {"enable": False}, "open_tracking": {"enable": False}}
    assert kinds(fate("delivered+opened+clicked", tracking_settings=off)) == [
        "processed",
        "delivered",
    ]


def test_machines_open_at_once_and_say_so() -> None:
    *_, delivered, machine = fate("delivered+machine_opened")
    assert machine["sg_machine_open"] is True
    assert machine["timestamp"] - delivered["timestamp"] < 60
    person = fate("delivered+opened")[-1]
    assert person["sg_machine_open"] is False


def test_complaints_opt_outs_and_the_unheard_of_are_told_too() -> None:
    found = kinds(fate("delivered+complained+unsubscribed+unknown"))
    assert {"spamreport", "unsubscribe", "teleported"} <= set(found)


def test_the_same_seed_tells_the_same_and_another_one_something_else() -> None:
    body = request(*(f"reader{n}@example.org" for n in range(300)))
    told = [list(events_of(body, "id", Behaviour(seed=seed), at=AT)) for seed in (1, 1, 2)]
    assert told[0] == told[1]
    assert told[0] != told[2]


def test_chance_holds_to_what_it_was_told() -> None:
    body = request(*(f"reader{n}@example.org" for n in range(2000)))
    events = list(events_of(body, "id", Behaviour(bounced=0.1, deferred=0), at=AT))
    count = Counter(kinds(events))
    assert 150 < count["bounce"] < 260
    assert count["delivered"] + count["bounce"] + count["dropped"] == 2000
    assert len({event["sg_event_id"] for event in events}) == len(events)
    quiet = Counter(kinds(list(events_of(body, "id", QUIET, at=AT))))
    assert quiet == {"processed": 2000, "delivered": 2000}
