"""Why mails come back, in the words of those who sent them back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.deliver.feedback.causes import Kind, classify, status_in

HARD, SOFT, OURS = Kind.HARD, Kind.SOFT, Kind.OURS


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        # RFC 3463 and the registry, by themselves
        ("5.1.1", "", HARD),
        ("5.1.2", "", HARD),
        ("5.1.3", "", HARD),
        ("5.1.6", "", HARD),
        ("5.1.10", "", HARD),
        ("5.2.1", "", HARD),
        ("5.1.7", "", OURS),
        ("5.1.8", "", OURS),
        ("5.2.2", "", SOFT),
        ("4.2.2", "", SOFT),
        ("4.1.1", "", SOFT),
        ("5.2.3", "", OURS),
        ("5.3.4", "", OURS),
        ("5.4.6", "", SOFT),
        ("5.4.7", "", SOFT),
        ("4.4.7", "", SOFT),
        ("5.5.2", "", OURS),
        ("5.6.7", "", OURS),
        ("5.7.1", "", OURS),
        ("5.7.26", "", OURS),
        ("5.7.13", "", OURS),
        ("4.7.0", "", OURS),
        ("5.0.0", "", SOFT),
        ("", "", SOFT),
        # a rule against us that speaks of a user is still a rule against us
        ("5.7.1", "550 5.7.1 user unknown", OURS),
        # general codes: the words decide
        ("5.0.0", "550 5.1.1 <x@example.org>: no such user", HARD),
        ("5.0.0", "smtp; 550 Requested action not taken: mailbox unavailable", HARD),
        ("5.0.0", "554 Message rejected: mailbox unavailable, sender is on a blocklist", OURS),
        ("5.1.0", "550 5.1.0 Address rejected", SOFT),
        ("5.1.0", "550 5.1.0 Unknown recipient", HARD),
        ("5.3.0", "553 5.3.0 <x@example.org>... No such user here", HARD),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", HARD),
        ("5.4.1", "connect to mx.example.org: No answer from host", SOFT),
        ("5.4.4", "Host or domain name not found. Name service error for name=x.example", HARD),
        ("5.4.4", "Unable to route", SOFT),
        ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable", HARD),
        # no codes at all
        ("", "550 User unknown", HARD),
        ("", "550 <x@example.org>... User unknown", HARD),
        ("", "553 sorry, that domain isn't in my list of allowed rcpthosts", SOFT),
        ("", "550 No such recipient here", HARD),
        ("", "550-Verification failed for <weekly@x.example> 550 Sender verify failed", OURS),
        ("", "550 Sender address rejected: Domain not found", OURS),
        ("", "554 5.7.9 Message not accepted for policy reasons", OURS),
        (
            "",
            "554 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
            OURS,
        ),
        ("", "554 delivery error: dd Not a valid recipient - atlas201.free.mail.ne1", HARD),
        ("", "550 relay not permitted", OURS),
        ("", "552 Quota exceeded", SOFT),
        ("", "452 Too many recipients", SOFT),
        ("", "550 reverse DNS does not exist for 192.0.2.1", OURS),
        ("5.1.1", "550 5.1.1 mailbox is full", SOFT),
        ("5.2.1", "The user you are trying to contact is receiving mail at a rate that", SOFT),
        ("5.2.1", "The email account that you tried to reach is disabled", HARD),
        ("", "The e-mail account does not exist at the organization", HARD),
        ("", "This account has been disabled or discontinued [#102]", HARD),
    ],
)
def test_a_refusal_is_put_down_to_whom_it_is_about(status: str, words: str, kind: Kind) -> None:
    assert classify(status, words) is kind


def test_an_address_in_numbers_is_no_status() -> None:
    assert status_in("host 5.1.1.7 said no, and 192.5.1.1 too") == ""
    assert status_in("Sorry, no mailbox here by that name. (#5.1.1)") == "5.1.1"


def test_a_reply_code_helps_where_there_are_no_words() -> None:
    assert classify("", "", 552) is SOFT
    assert classify("", "User unknown", 450) is SOFT
    assert classify("", "User unknown", 550) is HARD


def test_who_knows_more_says_what_an_undecided_failure_is() -> None:
    assert classify("5.0.0", "550 no", otherwise=HARD) is HARD
    assert classify("5.0.0", "550 spam", otherwise=HARD) is OURS
    assert classify("4.0.0", "450 no", otherwise=HARD) is SOFT


@given(st.integers(0, 999), st.text(max_size=200))
def test_rules_against_us_never_count_against_a_reader(detail: int, words: str) -> None:
    assert classify(f"5.7.{detail}", words) is OURS
    assert classify(f"4.7.{detail}", words) is OURS


@given(st.text(max_size=60), st.text(max_size=400), st.integers(0, 999))
def test_any_words_are_put_somewhere(status: str, words: str, code: int) -> None:
    assert classify(status, words, code) in Kind
