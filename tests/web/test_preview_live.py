"""Making the issue again and again."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.render import Edition
from publisher.web.live import Live
from publisher.web.shown import Shown
from publisher.week import Week

Write = Callable[..., Path]
WEEK = Week(2026, 47)


@pytest.fixture
def said() -> list[str]:
    """What the preview announces."""
    return []


@pytest.fixture
def live(
    little: Publication, said: list[str], quick: Callable[[Publication, Issue], Sequence[Edition]]
) -> Iterator[Live]:
    """The little publication, made once, by a clock that ticks half a second a look."""
    ticks = count()
    live = Live(little, WEEK, quick, announce=said.append, clock=lambda: next(ticks) / 2)
    live.refresh()
    yield live
    live.pictures.close()


def test_everything_is_shown(live: Live, said: list[str]) -> None:
    shown = live.shown
    assert not shown.busy
    assert (shown.title, shown.number, shown.date) == ("Sirocco", 1, "2026-11-21")
    assert len(shown.pages) == 7
    assert [(story.title, story.page) for story in shown.stories][:2] == [
        ("Story 0", 2),
        ("Story 1", 3),
    ]
    assert {story.section for story in shown.stories} == {"Culture"}
    assert shown.pdf == "sirocco-2026-W47.pdf"
    assert shown.mail is not None
    assert shown.mail.subject == "Sirocco 1: Story 0"
    assert "Story 1" in shown.mail.text
    assert "Story 1" in live.documents["web"]
    assert shown.errors == ()
    assert said == ["2026-W47: refreshed in 0.5 s (7 pages, 1 to look at)"]


def test_an_edit_changes_its_page_and_no_other(live: Live, write: Write) -> None:
    before = live.shown.pages
    path = write("story-3", "other " * 450, title="Story 3")
    live.refresh(frozenset({path}))
    after = live.shown.pages
    changed = [a.number for a, b in zip(after, before, strict=True) if a.digest != b.digest]
    assert changed == [5]
    assert live.shown.changed == ("story-3.md",)


def test_a_broken_article_is_told_and_stays_as_it_was(
    live: Live, write: Write, said: list[str]
) -> None:
    before = live.shown.pages
    path = write("story-3", "x", kind="feauture")
    live.refresh(frozenset({path}))
    (error,) = live.shown.errors
    assert "story-3.md: kind = 'feauture' is not allowed" in error
    assert live.shown.pages == before
    assert any("feauture" in line for line in said)
    assert any(problem.article == "story-3" for problem in live.shown.problems)
    path = write("story-3", "mended " * 450)
    live.refresh(frozenset({path}))
    assert live.shown.errors == ()
    assert live.shown.pages != before


@pytest.mark.parametrize("name", ["publication.toml", "issues/2026-W47/issue.toml"])
def test_a_broken_toml_file_is_told_and_everything_stays(
    live: Live, little: Publication, name: str
) -> None:
    before = live.shown
    path = little.root / name
    good = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text("number = ", encoding="utf-8")
    live.refresh(frozenset({path}))
    assert path.name in live.shown.errors[0]
    assert (live.shown.pages, live.shown.mail) == (before.pages, before.mail)
    path.write_text(good, encoding="utf-8")
    live.refresh(frozenset({path}))
    assert live.shown.errors == ()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("unprintable", "story-3 is unprintable: mend it"),
        ("explosive", "the magazine edition could not be made: ZeroDivisionError"),
    ],
)
def test_an_edition_that_fails_keeps_its_last_good_pages_while_others_go_on(
    live: Live, write: Write, body: str, sentence: str
) -> None:
    before = live.shown
    live.refresh(frozenset({write("story-3", f"{body} " * 300, title="New title")}))
    assert live.shown.errors[0].startswith(sentence)
    assert live.shown.pages == before.pages
    assert live.shown.mail is not None
    assert "New title" in live.shown.mail.text


def test_a_failed_edition_is_tried_again_whatever_changes_next(
    live: Live, write: Write, little: Publication
) -> None:
    live.refresh(frozenset({write("story-3", "unprintable")}))
    write("story-3", "fine " * 300)
    live.refresh(frozenset({little.root / "templates" / "email" / "style.css"}))
    assert live.shown.errors == ()


def test_a_template_of_the_mail_prints_no_pages(live: Live, little: Publication) -> None:
    built: list[str] = []
    for name in ("magazine", "email", "web"):
        live.rendered.pop(name)
    template = little.root / "templates" / "email" / "issue" / "subject.txt"
    live.refresh(frozenset({template}))
    built += live.rendered
    assert built == ["email"]


def test_a_broken_template_is_told_by_name_and_line(live: Live, little: Publication) -> None:
    template = little.root / "templates" / "email" / "issue" / "subject.txt"
    template.parent.mkdir(parents=True)
    template.write_text("{% if %}", encoding="utf-8")
    before = live.shown.mail
    live.refresh(frozenset({template}))
    assert "templates/email/issue/subject.txt, line 1" in live.shown.errors[0]
    assert live.shown.mail == before


def test_an_issue_without_articles_says_what_to_do(
    little: Publication, quick: Callable[[Publication, Issue], Sequence[Edition]]
) -> None:
    live = Live(little, WEEK.next(), quick, announce=lambda _: None)
    live.refresh()
    assert "no articles for 2026-W48" in live.shown.errors[0]
    assert live.shown.pages == ()


def test_listeners_hear_of_work_before_and_after(live: Live, write: Write) -> None:
    heard: list[Shown] = []
    leave = live.listen(heard.append)
    live.refresh(frozenset({write("story-1", "new " * 400)}))
    assert heard[0].busy
    assert heard[0].changed == ("story-1.md",)
    assert not heard[-1].busy
    assert [shown.version for shown in heard] == sorted({shown.version for shown in heard})
    leave()
    live.refresh()
    assert heard[-1].version < live.shown.version


def test_the_title_of_a_renamed_publication_is_shown(live: Live, little: Publication) -> None:
    path = little.root / "publication.toml"
    text = path.read_text(encoding="utf-8").replace('title = "Sirocco"', 'title = "Khamsin"')
    path.write_text(text, encoding="utf-8")
    live.refresh(frozenset({path}))
    assert live.shown.title == "Khamsin"
    assert live.shown.pdf == "khamsin-2026-W47.pdf"
