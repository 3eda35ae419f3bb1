"""What an editor is told about an article's length, held against its pages."""

import re

import pytest

from publisher.config import Publication
from publisher.content.article import Kind
from publisher.render.compositor import Compositor, Found, explained
from publisher.render.leaf import Leaf
from publisher.render.pdf import Stock
from publisher.render.setting import Setting
from publisher.render.templates import TEMPLATES
from tests.render.issues import article, folder_of, issue, slot

WORD = ("wind", "and", "sand", "or", "water", "under", "light", "on", "stone", "for", "times")


def words(count: int) -> str:
    """Text of so many words, in paragraphs of about sixty."""
    found = [WORD[n % len(WORD)] for n in range(count)]
    cut = [found[n : n + 60] for n in range(0, count, 60)]
    return "\n\n".join(f"{' '.join(one).capitalize()}." for one in cut)


def composed(
    publication: Publication, count: int, kind: Kind, layout: str = ""
) -> tuple[Found, list[Leaf], str]:
    """Fit an article of so many words; return what it is told."""
    slots = [
        slot(
            publication, article("long", "A long one", body=words(count), layout=layout), kind=kind
        )
    ]
    folder_of(publication).mkdir(parents=True, exist_ok=True)
    setting = Setting(issue(publication, slots), publication)
    stock = Stock(base=folder_of(publication), roots=[folder_of(publication), TEMPLATES])
    compositor = Compositor(setting, setting.places[0], stock)
    found = compositor.choose()
    leaves = list(compositor.lay(found.dress, found.fit.size))
    return found, leaves, "; ".join(explained(found, leaves, setting, setting.places[0]))


def advised(said: str) -> int:
    match = re.search(r"about (\d+) words", said)
    assert match, said
    return int(match[1])


@pytest.mark.parametrize(("kind", "layout"), [(Kind.DATA, ""), (Kind.NEWS, "side")])
def test_a_short_article_is_full_once_the_words_asked_for_are_written(
    publication: Publication, kind: Kind, layout: str
) -> None:
    first, _, said = composed(publication, 260, kind, layout)
    assert "lines short" in said
    more, _, _ = composed(publication, 260 + advised(said), kind, layout)
    assert more.fit.pages == first.fit.pages
    assert more.fit.last > 0.9


def test_a_long_article_saves_its_last_page_once_the_words_told_are_cut(
    publication: Publication,
) -> None:
    for count in range(640, 1000, 45):
        first, leaves, said = composed(publication, count, Kind.DATA)
        if "lines over" in said:
            break
    assert "to save its last page" in said
    assert len(leaves) == 2
    less, _, _ = composed(publication, count - advised(said), Kind.DATA)
    assert less.fit.pages == first.fit.pages - 1


def test_an_article_that_fills_its_page_gets_no_advice(publication: Publication) -> None:
    _, _, said = composed(publication, 260, Kind.DATA)
    _, _, full = composed(publication, 260 + advised(said), Kind.DATA)
    assert "lines" not in full
