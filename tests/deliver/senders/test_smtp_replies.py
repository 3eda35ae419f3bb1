"""What mail servers say, however the network cuts it up."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.deliver.senders.smtp_replies import NotSmtp, Reply, ReplyReader

SAID = (
    b"250-2.1.0 first\r\n250-second\r\n250 last\r\n354 End with <CR><LF>.<CR><LF>\r\n"
    b"550 5.1.1 \xd8\xa8\xff no such user\r\n220\r\n250 bare line end\n"
)
UNDERSTOOD = [
    Reply(250, "2.1.0 first second last"),
    Reply(354, "End with <CR><LF>.<CR><LF>"),
    Reply(550, "5.1.1 ب� no such user"),
    Reply(220, ""),
    Reply(250, "bare line end"),
]


@given(st.sets(st.integers(0, len(SAID))))
def test_replies_are_the_same_however_they_are_cut(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(SAID)]
    reader = ReplyReader()
    found = [reply for first, last in pairwise(edges) for reply in reader.feed(SAID[first:last])]
    assert found == UNDERSTOOD


@given(st.binary(max_size=200))
def test_any_bytes_are_replies_or_no_smtp(data: bytes) -> None:
    try:
        found = ReplyReader().feed(data)
    except NotSmtp:
        return
    assert all(0 <= reply.code <= 999 for reply in found)
    assert len(found) <= data.count(b"\n")


@pytest.mark.parametrize("line", [b"HTTP/1.1 400\r\n", b"25\r\n", b"\r\n", b"2500 OK\r\n"])
def test_a_line_without_a_code_is_no_smtp(line: bytes) -> None:
    with pytest.raises(NotSmtp, match="no reply code"):
        ReplyReader().feed(line)


def test_a_reply_that_never_ends_is_no_smtp() -> None:
    with pytest.raises(NotSmtp, match="without an end"):
        ReplyReader().feed(b"250-and more\r\n" * 10_000)
