"""An author's HTML as XHTML: well formed and valid whatever was written."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.content.body import Look, Medium
from publisher.content.markdown import render_body
from publisher.render.xhtml import readable, to_xhtml, without_controls
from tests.render.issues import article

TAGS = "a aside b blockquote dd dl dt em figure h3 hr li ol p section span table td time tr ul"
TEXTS = st.sampled_from(["word", " & ", "<", "\u00ad", "\x0b", "\n\n", "“", "ضوء"])
ATTRIBUTES = ["", ' id="one"', ' lang="?"', ' href="#none"', ' href="http://[x"', ' datetime="x"']
MARKUP = st.lists(
    st.one_of(
        TEXTS,
        st.builds(
            lambda tag, more: f"<{tag}{more}>",
            st.sampled_from(TAGS.split()),
            st.sampled_from(ATTRIBUTES),
        ),
        st.sampled_from(TAGS.split()).map(lambda tag: f"</{tag}>"),
    ),
    max_size=25,
).map("".join)
LINES = {"p", "h3", "span", "em", "b", "a", "time", "dt"}
BLOCKS = {"p", "ul", "ol", "dl", "li", "div", "table", "blockquote", "aside", "section", "hr", "h3"}


def parsed(html: str) -> ElementTree.Element:
    """Parse a fragment as an e-book's reader would."""
    names = 'xmlns="" xmlns:epub="http://www.idpf.org/2007/ops"'
    whole = f"<body {names}>{to_xhtml(html, lambda _: 'kept.svg')}</body>"
    return ElementTree.fromstring(whole)  # noqa: S314 - what we made is what is tested


def body(markdown: str) -> str:
    """Return what the editions are given."""
    piece = article("piece", "Piece", body=markdown)
    return render_body(
        piece, medium=Medium.WEB, picture_url=lambda picture, wide: picture.path, look=Look()
    ).html


@given(MARKUP)
def test_whatever_an_author_writes_becomes_valid(markup: str) -> None:
    root = parsed(body(markup))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for parent in root.iter():
        for child in parent:
            assert (child.tag == "li") == (parent.tag in ("ul", "ol"))
            assert child.tag not in ("dt", "dd") or parent.tag == "dl"
            assert not (parent.tag in LINES and child.tag in BLOCKS)
            if parent.tag in ("ul", "ol", "dl"):
                assert not (child.tail or "").strip()
    for link in root.iter("a"):
        assert link.get("href", "").removeprefix("#") in ["", *ids]


def test_a_drawing_is_kept_as_it_was_drawn() -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0"/></svg>'
    assert drawing in to_xhtml(f"<p>Before</p>{drawing}<p>after</p>", str)


def test_a_picture_in_the_text_becomes_a_file() -> None:
    made = to_xhtml('<img src="data:image/svg+xml,%3Csvg/%3E" alt="A">', lambda _: "x/y.svg")
    assert made == '<img alt="A" src="x/y.svg"/>'


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://example.org/a b?q=ü#x y", "https://example.org/a%20b?q=%C3%BC#x%20y"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("https://example.org/100%25", "https://example.org/100%25"),
        ("https://bücher.example:81/", "https://xn--bcher-kva.example:81/"),
        ("https://ex ample.org/", ""),
        ("http://[half", ""),
        ("https://example.org:port/", ""),
        ("mailto:a@example.org", "mailto:a@example.org"),
    ],
)
def test_addresses_are_written_as_every_reader_understands_them(written: str, read: str) -> None:
    assert readable(written) == read


@given(st.text())
def test_no_character_is_left_that_xml_forbids(text: str) -> None:
    ElementTree.fromstring(  # noqa: S314 - what we made is what is tested
        f"<p>{without_controls(text).replace('&', '').replace('<', '')}</p>"
    )
