"""Articles as short as a test can read them, and a composer for one week."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from publisher.compose import Composed, compose
from publisher.config import MailFrom, Publication, Section
from publisher.content.article import Article, Picture
from publisher.content.issue import IssueFile
from publisher.week import Week

TUNIS = ZoneInfo("Africa/Tunis")
NAMES = ("News", "Heritage", "Science", "Opinion", "Culture")

Writer = Callable[..., Article]
Composer = Callable[..., Composed]


@pytest.fixture(scope="session")
def paper() -> Publication:
    """A magazine of five sections that goes out on Saturdays at seven in Tunis."""
    return Publication(
        title="Sirocco",
        site="https://sirocco.example",
        timezone=TUNIS,
        sender=MailFrom(name="Sirocco", address="weekly@sirocco.example", postal="Tunis"),
        sections=tuple(Section(name=name) for name in NAMES),
    )


@pytest.fixture(scope="session")
def piece() -> Writer:
    """Write an article: piece("slug", words, section, day=3, picture=True, ...)."""

    def write(
        slug: str,
        words: int = 300,
        section: str = "News",
        *,
        day: int = 16,
        picture: bool = False,
        **more: object,
    ) -> Article:
        article = Article(
            slug=slug,
            title=slug.replace("-", " ").capitalize(),
            body="word " * words,
            standfirst=f"What {slug} is about.",
            section=section,
            published=datetime(2026, 11, day, 12, tzinfo=TUNIS),
            picture=Picture(path=f"pictures/{slug}.jpg", alt=slug) if picture else None,
        )
        return replace(article, **more)  # type: ignore[arg-type]  # any field, by name

    return write


@pytest.fixture
def composed(paper: Publication) -> Composer:
    """Compose an issue of week 2026-W47."""

    def run(
        articles: Iterable[Article],
        choices: IssueFile | None = None,
        sizes: dict[str, tuple[int, int]] | None = None,
    ) -> Composed:
        return compose(
            Week(2026, 47),
            articles,
            choices or IssueFile(),
            paper,
            number=12,
            folder=Path("issues/2026-W47"),
            sizes=sizes,
        )

    return run
