"""A publication with one small, ready issue, and a desk to work at."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from publisher.audience import changes
from publisher.config import Publication, Secrets
from publisher.deliver import make_sender
from publisher.pipeline.desk import Desk
from publisher.week import Week

W47 = Week(2026, 47)
FRIDAY = datetime.fromisoformat("2026-11-20T07:00:00+01:00")
ARTICLE = """---
title: {title}
section: {section}
published: 2026-11-17T09:00:00+01:00
url: https://sirocco.example/{slug}
---

{body}
"""


class Clock:
    """A clock that is moved by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def to(self, moment: str) -> None:
        """Set it to a moment such as 2026-11-21T07:00, in Tunis."""
        self.now = datetime.fromisoformat(f"{moment}:00+01:00")

    def ahead(self, **by: float) -> None:
        """Move it, by hours=, days= and so on."""
        self.now += timedelta(**by)


def write_article(publication: Publication, slug: str, section: str = "News") -> Path:
    """Put a short article into the inbox."""
    path = publication.issues / "inbox" / f"{slug}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    title = slug.replace("-", " ").capitalize()
    body = "\n\n".join([f"The harbour of {title} was rebuilt by its own people. " * 5] * 3)
    path.write_text(ARTICLE.format(title=title, section=section, slug=slug, body=body))
    return path


@pytest.fixture
def clock() -> Clock:
    """A clock that shows Friday of 2026-W47, 07:00 in Tunis."""
    return Clock(FRIDAY)


@pytest.fixture
def desk(publication: Publication, engine: Engine, clock: Clock) -> Desk:
    """A desk with two articles in the inbox, three readers and an outbox."""
    for slug, section in (("salt-and-stone", "Heritage"), ("rain-at-last", "Environment")):
        write_article(publication, slug, section)
    with engine.begin() as connection:
        for name in ("amina", "lea", "idir"):
            changes.add(
                connection,
                f"{name}@example.org",
                list_name=publication.delivery.list_name,
                now=clock(),
            )
    return desk_at(publication, engine, clock)


def desk_at(
    publication: Publication, engine: Engine, clock: Callable[[], datetime], who: str = "test"
) -> Desk:
    """Open another desk on the same publication, as another process would."""
    return Desk(
        publication=publication,
        secrets=Secrets(),
        engine=engine,
        sender=lambda: make_sender(publication, Secrets()),
        clock=clock,
        who=who,
    )


def mails(desk: Desk, week: Week = W47) -> list[str]:
    """Return the addresses in the outbox's folder of a week, as often as they were mailed."""
    folder = desk.publication.root / desk.publication.delivery.outbox / str(week)
    found = []
    for file in sorted(folder.glob("*.eml")):
        line = next(li for li in file.read_text().splitlines() if li.startswith("To:"))
        found.append(line.removeprefix("To:").strip().strip("<>"))
    return sorted(found)
