"""Watching the files of an issue."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from publisher.config import Publication
from publisher.content.files import save
from publisher.web.watching import changes

Write = Callable[..., Path]


@pytest.fixture
def watched(little: Publication) -> Iterator[Iterator[frozenset[Path]]]:
    """The changes of the little publication's issue, from now on."""
    stop = Event()
    seen = changes(little.root, little.issues / "2026-W47", stop)
    assert next(seen) == frozenset()
    yield seen
    stop.set()
    assert next(seen, None) is None


def test_every_kind_of_file_counts(little: Publication, watched: Iterator[frozenset[Path]]) -> None:
    issue = little.issues / "2026-W47"
    for path in (
        issue / "articles" / "new.md",
        issue / "pictures" / "new.jpg",
        issue / "issue.toml",
        little.root / "templates" / "email" / "issue" / "body.html",
        little.root / "publication.toml",
    ):
        save(path, "new")  # atomically, as editors do: the file is another one afterwards
        assert path in next(watched)


def test_a_removed_article_counts(little: Publication, watched: Iterator[frozenset[Path]]) -> None:
    path = little.issues / "2026-W47" / "articles" / "story-3.md"
    path.unlink()
    assert path in next(watched)


def test_build_products_and_editors_backups_do_not_count(
    little: Publication, watched: Iterator[frozenset[Path]]
) -> None:
    issue = little.issues / "2026-W47"
    passing = [
        issue / "build" / "web" / "index.html",
        issue / "articles" / ".story-1.md.swp",
        issue / "articles" / "story-1.md~",
        little.root / "publisher.db",
        little.root / "outbox" / "1.eml",
    ]
    for path in passing:
        save(path, "x")
    real = issue / "articles" / "story-1.md"
    save(real, "y")
    seen = next(watched)
    assert real in seen
    assert not seen & set(passing)


def test_a_folder_that_comes_later_is_seen(tmp_path: Path) -> None:
    stop = Event()
    seen = changes(tmp_path, tmp_path / "issues" / "2026-W47", stop)
    next(seen)
    article = tmp_path / "issues" / "2026-W47" / "articles" / "first.md"
    save(article, "x")
    assert article in next(seen)
    save(article, "longer")
    assert article in next(seen)
    stop.set()
