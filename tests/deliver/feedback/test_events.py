"""SendGrid's events, well made and not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.deliver.feedback.events import (
    Kind,
    NoEvents,
    Told,
    kind_of,
    number,
    part,
    plain,
    read,
    reason_of,
    unreadable,
)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
_FIELDS = (
    "event", "timestamp", "email", "sg_event_id", "sg_message_id", "reason", "response", "status",
    "type", "useragent", "url", "sg_machine_open", "bounce_classification", "publisher_mailing",
    "publisher_reader", "publisher_chunk", "publisher_attempt",
)  # fmt: skip
_EVENT = st.dictionaries(st.sampled_from(_FIELDS), _JSON)


def told(**fields: Any) -> Told:
    """Return an event as it is read."""
    found = read(json.dumps(fields))
    assert found is not None
    return found


@given(st.binary(max_size=300))
def test_any_bytes_are_parted_or_refused(body: bytes) -> None:
    try:
        events = part(body)
    except NoEvents:
        events = [unreadable(body)]
    for event in events:
        assert event.id
        assert "\0" not in event.text
        event.text.encode()
        read(event.text)


@given(st.lists(_EVENT | _JSON, max_size=5))
def test_any_list_is_parted_into_as_many_events_as_it_has(events: list[Any]) -> None:
    raws = part(json.dumps(events).encode())
    assert len(raws) == len(events)
    for raw, event in zip(raws, events, strict=True):
        assert raw.at >= 0
        assert 0 < len(raw.id) <= 200
        if isinstance(event, dict):
            assert read(raw.text) is not None
            reason_of(told(**event)).encode()


@given(_EVENT)
def test_the_same_event_has_the_same_name_every_time(event: dict[str, Any]) -> None:
    body = json.dumps([event]).encode()
    assert part(body) == part(body)


def test_an_event_keeps_its_own_words() -> None:
    body = (
        b'[{"sg_event_id":"a","timestamp":5,  "x":1.0},\r\n{"sg_event_id":"b" , "timestamp":6}]\r\n'
    )
    assert [(raw.at, raw.id, raw.text) for raw in part(body)] == [
        (5, "a", '{"sg_event_id":"a","timestamp":5,  "x":1.0}'),
        (6, "b", '{"sg_event_id":"b" , "timestamp":6}'),
    ]


def test_an_ill_made_neighbour_costs_an_event_neither_its_id_nor_its_moment() -> None:
    body = b'[{"sg_event_id":"a","timestamp":5,"x":"\\ud800"},{"sg_event_id":"b","timestamp":"6"}]'
    assert [(raw.at, raw.id) for raw in part(body)] == [(5, "a"), (6, "b")]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"event": "processed"}, Kind.PROCESSED),
        ({"event": "bounce", "type": "bounce"}, Kind.BOUNCED),
        ({"event": "bounce"}, Kind.BOUNCED),
        ({"event": "bounce", "type": "blocked"}, Kind.BLOCKED),
        ({"event": "blocked"}, Kind.BLOCKED),
        ({"event": "spamreport"}, Kind.COMPLAINED),
        ({"event": "group_unsubscribe"}, Kind.UNSUBSCRIBED),
        ({"event": "group_resubscribe"}, Kind.OTHER),
        ({"event": "teleported"}, Kind.OTHER),
        ({"event": ["open"]}, Kind.OTHER),
        ({}, Kind.OTHER),
    ],
)
def test_kinds_are_told_apart_and_unknown_ones_are_other(
    fields: dict[str, Any], kind: Kind
) -> None:
    assert kind_of(told(**fields)) is kind


def test_values_of_the_wrong_type_are_taken_for_what_they_may_mean() -> None:
    event = told(
        event="open",
        timestamp="1795244400.0",
        publisher_reader=7,
        sg_machine_open="true",
        email=None,
        reason=["a", "b"],
    )
    assert (event.timestamp, event.reader, event.machine) == (1_795_244_400, "7", True)
    assert (event.email, event.reason) == ("", "")


def test_a_reason_is_one_line_of_printable_length() -> None:
    event = told(reason="550 5.1.1\r\n no\0such user " + "x" * 9_000)
    assert reason_of(event).startswith("550 5.1.1 no such user xxx")
    assert len(reason_of(event)) == 500
    assert plain("half \ud800", 100) == "half ?"


@pytest.mark.parametrize("text", ["", "-1", "1.5", "x", "٣", "1" * 19, " 7", "1e3"])
def test_what_is_no_number_of_ours_is_none(text: str) -> None:
    assert number(text) == -1


def test_a_number_of_ours_comes_back() -> None:
    assert number("123") == 123
    assert number("12", 1) == -1
