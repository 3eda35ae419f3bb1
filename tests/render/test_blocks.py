"""Bodies block by block."""

from hypothesis import given
from hypothesis import strategies as st

from publisher.render.blocks import (
    join_blocks,
    numbered,
    postponed,
    quotes_apart,
    split_blocks,
    with_dropcap,
    with_end_mark,
    without_short_ends,
)

BODY = (
    '<p>“One</p>\n<h2 class="crosshead">Then</h2>\n<figure class="picture wide"><img src="a.jpg"'
    ' alt="x"><figcaption>So &amp; so</figcaption></figure>\n<p>Two <em>three</em></p>'
)


def test_a_body_falls_into_its_top_level_elements() -> None:
    blocks = split_blocks(BODY)
    assert [block.tag for block in blocks] == ["p", "h2", "figure", "p"]
    assert blocks[2].classes == {"picture", "wide"}
    assert blocks[2].text == "So & so"
    assert join_blocks(blocks) == BODY


@given(
    st.lists(st.sampled_from(["<p>a<br>b</p>", "<ul><li>x</li></ul>", "<aside><p>q</p></aside>"]))
)
def test_nothing_is_lost(parts: list[str]) -> None:
    assert [block.html for block in split_blocks("\n".join(parts))] == parts


def test_the_drop_cap_takes_its_quotation_mark_along() -> None:
    first = with_dropcap(split_blocks(BODY))[0]
    assert first.html == '<p><span class="dropcap">“O</span>ne</p>'
    assert first.text.replace(" ", "") == "“One"


def test_the_end_mark_hangs_on_the_last_paragraph() -> None:
    blocks = with_end_mark(split_blocks(BODY + '\n<aside class="fact-box"><p>F</p></aside>'))
    assert blocks[3].html.endswith('three</em>\u00a0<span class="end-mark"></span></p>')


def test_what_stands_before_a_heading_or_figure_keeps_the_distance() -> None:
    marks = [("data-gap" in block.html.split(">")[0]) for block in numbered(split_blocks(BODY))]
    assert marks == [True, True, False, False]


def test_a_figure_may_stand_a_paragraph_later_but_text_may_not() -> None:
    blocks = split_blocks(BODY)
    assert postponed(blocks, 2) == 3
    assert postponed(blocks, 0) is None
    assert postponed(blocks[:3], 2) is None


QUOTE = '<aside class="pull-quote"><p>It ends as it began.</p></aside>'


def order(html: str) -> list[str]:
    return [block.text for block in quotes_apart(split_blocks(html))]


def test_a_pull_quote_does_not_directly_repeat_the_line_before_it() -> None:
    assert order(f"<p>A.</p><p>B. It ends as it began.</p>{QUOTE}<p>C.</p>") == [
        "A.",
        "It ends as it began.",
        "B. It ends as it began.",
        "C.",
    ]


def test_a_pull_quote_never_comes_between_a_heading_and_its_text() -> None:
    html = f"<p>A.</p><h2>Then</h2><p>It ends as it began.</p>{QUOTE}"
    assert order(html) == ["A.", "It ends as it began.", "Then", "It ends as it began."]


def test_a_pull_quote_from_elsewhere_stays_where_it_was_written() -> None:
    html = f"<p>A.</p><p>Something else.</p>{QUOTE}"
    assert order(html)[-1] == "It ends as it began."


def test_a_short_last_word_is_tied_to_the_one_before_it() -> None:
    long = "Not a word of this had been written before the wind turned, and then it"
    tied = without_short_ends(split_blocks(f"<p>{long} <em>did.</em></p><p>{long} did.</p>"))
    assert tied[0].html.endswith("it <em>did.</em></p>")
    assert tied[1].html.endswith("it\u00a0did.</p>")
