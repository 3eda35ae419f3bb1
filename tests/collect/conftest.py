"""A newsroom with a publication, a database and a news site to read."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine

from publisher.collect import CollectReport, Limits, collect
from publisher.config import Publication, SourceConfig, SourceKind
from publisher.content.article import Article, read_article
from publisher.storage.engine import open_url
from publisher.week import Week
from tests.servers.site import Site, news_site

WEEK = Week(2026, 47)  # Friday 13 November 06:00 to Friday 20 November 06:00 in Tunis
NOW = datetime.fromisoformat("2026-11-19T12:00:00+01:00")
#: no test waits for long
QUICK = Limits(read_s=0.5, fetch_s=1.0, source_s=10.0)


@dataclass
class Newsroom:
    """What a test does in a newsroom."""

    publication: Publication
    engine: Engine

    def read(self, *sources: SourceConfig) -> None:
        self.publication = replace(self.publication, sources=sources)

    def feed(self, *addresses: str, **more: Any) -> None:
        self.read(
            *(
                SourceConfig(
                    kind=SourceKind.FEED, url=address, allow_private=("127.0.0.1",), **more
                )
                for address in addresses
            )
        )

    def folder(self, files: Mapping[str, str | bytes], name: str = "inbox") -> Path:
        folder = self.publication.root / name
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
        self.read(SourceConfig(kind=SourceKind.FOLDER, path=Path(name), name="Inbox"))
        return folder

    def collect(
        self, week: Week = WEEK, *, now: datetime = NOW, limits: Limits = QUICK, **more: Any
    ) -> CollectReport:
        return collect(self.publication, week, self.engine, now=now, limits=limits, **more)

    def issue(self, week: Week = WEEK) -> Path:
        return self.publication.issues / str(week)

    def files(self, week: Week = WEEK) -> list[str]:
        return sorted(path.name for path in (self.issue(week) / "articles").glob("*"))

    def pictures(self, week: Week = WEEK) -> list[str]:
        return sorted(path.name for path in (self.issue(week) / "pictures").glob("*"))

    def article(self, slug: str, week: Week = WEEK) -> Article:
        path = self.issue(week) / "articles" / f"{slug}.md"
        return read_article(path, self.publication.timezone)


@pytest.fixture
def site() -> Iterator[Site]:
    """A news site on loopback."""
    with news_site() as running:
        yield running


@pytest.fixture
def newsroom(publication: Publication, _sqlite_template: Path) -> Iterator[Newsroom]:
    """A newsroom on SQLite, with no sources yet."""
    shutil.copy(_sqlite_template, publication.database)
    engine = open_url(URL.create("sqlite", database=str(publication.database)))
    yield Newsroom(replace(publication, sources=()), engine)
    engine.dispose()
