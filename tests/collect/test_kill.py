"""Killed at the worst moments, a collection loses nothing and takes nothing twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.collect.conftest import Newsroom
from tests.servers.site import picture_bytes

# the process dies by its own hand at the n-th time it reaches a place, as by kill -9
DYING = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from sqlalchemy import URL, event

from publisher.collect import collect, round as rounds, shelf
from publisher.config import SourceConfig, SourceKind, load_publication
from publisher.storage.engine import open_url
from publisher.week import Week
from dataclasses import replace

root, place, left = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def die_at(name):
    global left
    if name == place:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

publication = load_publication(root)
publication = replace(publication, sources=(
    SourceConfig(kind=SourceKind.FOLDER, path=Path("inbox"), name="Inbox"),))
engine = open_url(URL.create("sqlite", database=str(publication.database)))

put, save_new = shelf.Shelf.put, shelf.save_new

def dying_put(self, found, pictures):
    die_at("before the file")
    stored = put(self, found, pictures)
    die_at("between file and commit")
    return stored

def dying_save(path, data):
    die_at("before a write")
    done = save_new(path, data)
    die_at("after a write")
    return done

shelf.Shelf.put, shelf.save_new = dying_put, dying_save
event.listen(engine, "commit", lambda _: die_at("before the commit"))
collect(publication, Week(2026, 47), engine,
        now=datetime.fromisoformat("2026-11-19T12:00:00+01:00"))
"""


def run(root: Path, place: str, times: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", DYING, str(root), place, str(times)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("place", "times"),
    [
        ("before the file", 2),
        ("between file and commit", 1),
        ("between file and commit", 3),
        ("before a write", 4),
        ("after a write", 3),
        ("before the commit", 2),
    ],
)
def test_nothing_is_lost_or_doubled_by_a_kill(newsroom: Newsroom, place: str, times: int) -> None:
    names = [f"story-{number}" for number in range(4)]
    files: dict[str, str | bytes] = {}
    for number, name in enumerate(names):
        files[f"{name}.md"] = (
            f"---\ntitle: Story {number}\npublished: 2026-11-18\n"
            f"picture: pictures/{name}.jpg\n---\n\nText {number}.\n"
        )
        files[f"pictures/{name}.jpg"] = picture_bytes(size=(64 + number, 64))
    newsroom.folder(files)

    killed = run(newsroom.publication.root, place, times)
    assert killed.returncode == -9, killed.stderr
    # an editor works on what is there already
    for path in (newsroom.issue() / "articles").glob("*.md"):
        path.write_text(path.read_text().replace("Text", "Edited text"))
    edited = newsroom.files()

    newsroom.collect()
    assert newsroom.files() == [f"{name}.md" for name in names]
    assert newsroom.pictures() == [f"{name}.jpg" for name in names]
    for name in names:
        article = newsroom.article(name)
        assert article.picture is not None
        assert article.body.startswith("Edited" if f"{name}.md" in edited else "Text")
    last = newsroom.collect()
    assert (last.added, last.problems) == ((), ())
