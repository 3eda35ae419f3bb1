"""What may go wrong: asked for in words, drawn by chance, and how fast is too fast."""

import pytest

from publisher.rehearsal.faults import PASSING, Chances, Fault, RateLimit, parse_faults


def test_faults_are_named_with_or_without_a_share() -> None:
    assert parse_faults("drop, 429=0.1") == {Fault.DROP_ANSWER: 0.02, Fault.TOO_MANY: 0.1}
    assert parse_faults("all=0.05,hang=0") == {**dict.fromkeys(PASSING, 0.05), Fault.HANG: 0}
    assert parse_faults("") == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("flood", '"flood" is no fault: use all, 429'),
        ("401", "is no fault"),
        ("drop=often", '"often" is not a share'),
        ("drop=2", "not a share from 0 to 1"),
        ("all=0.2", "less than a tenth"),
    ],
)
def test_what_is_no_fault_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_faults(text)


def test_chances_are_the_same_for_the_same_seed() -> None:
    shares = {Fault.DROP_ANSWER: 0.2, Fault.TOO_MANY: 0.1}
    first, again, other = (Chances(shares, seed) for seed in (1, 1, 2))
    draws = [first.draw() for _ in range(2000)]
    assert draws == [again.draw() for _ in range(2000)]
    assert draws != [other.draw() for _ in range(2000)]
    assert 300 < draws.count(Fault.DROP_ANSWER) < 500
    assert 130 < draws.count(Fault.TOO_MANY) < 270


def test_a_window_takes_so_many_requests_and_then_the_next_one_does() -> None:
    limit = RateLimit(requests=2, seconds=10)
    (ok, first), (ok_too, _), (too_many, third) = (limit.take(now) for now in (100, 101, 109.9))
    assert (ok, ok_too, too_many) == (True, True, False)
    assert first == {
        "X-RateLimit-Limit": "2", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "110",
    }  # fmt: skip
    assert third["X-RateLimit-Remaining"] == "0"
    assert limit.take(110)[0]
