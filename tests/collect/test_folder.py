"""The newsroom's own folder as a source."""

from pathlib import Path

from tests.collect.conftest import Newsroom
from tests.servers.site import picture_bytes

ARTICLE = """---
title: {title}
published: 2026-11-18T09:00:00+01:00
{more}
---

The harbour wakes before the town does.

{body}
"""


def text(title: str = "Harbour", *, more: str = "", body: str = "") -> str:
    return ARTICLE.format(title=title, more=more, body=body)


def test_articles_and_pictures_are_copied_as_they_are(newsroom: Newsroom) -> None:
    body = '![Quay](pictures/quay.png "At noon"){ credit="AFP" .wide }'
    jpeg, png = picture_bytes(), picture_bytes("red", kind="PNG")
    newsroom.folder(
        {
            "harbour.md": text(more="picture: pictures/lead.jpg\nfocus: [0.2, 0.3]", body=body),
            "pictures/lead.jpg": jpeg,
            "pictures/quay.png": png,
            "pictures/unused.jpg": jpeg,
        }
    )
    report = newsroom.collect()
    assert report.problems == ()
    article = newsroom.article("harbour")
    assert article.body.endswith(body)
    assert article.picture is not None
    assert article.picture.focus == (0.2, 0.3)
    assert newsroom.pictures() == ["lead.jpg", "quay.png"]
    assert (newsroom.issue() / "pictures/lead.jpg").read_bytes() == jpeg


def test_other_kinds_of_pictures_become_printable(newsroom: Newsroom) -> None:
    newsroom.folder(
        {
            "harbour.md": text(more="picture: My Photo.webp"),
            "My Photo.webp": picture_bytes(kind="WEBP"),
        }
    )
    assert newsroom.collect().problems == ()
    article = newsroom.article("harbour")
    assert article.picture is not None
    assert article.picture.path == "pictures/my-photo.jpg"


def test_a_missing_picture_is_told_and_its_place_kept(newsroom: Newsroom) -> None:
    newsroom.folder({"harbour.md": text(body="![Quay](pictures/quay.jpg)")})
    (problem,) = newsroom.collect().problems
    assert (problem.article, problem.source) == ("harbour", "Inbox")
    assert "there is no picture pictures/quay.jpg" in problem.message
    assert "![Quay](pictures/quay.jpg)" in newsroom.article("harbour").body


def test_a_picture_outside_the_folder_is_refused(newsroom: Newsroom) -> None:
    (newsroom.publication.root / "secret.jpg").write_bytes(picture_bytes())
    folder = newsroom.folder({"harbour.md": text(body="![x](../secret.jpg)\n\n![y](link.jpg)")})
    (folder / "link.jpg").symlink_to(newsroom.publication.root / "secret.jpg")
    messages = [problem.message for problem in newsroom.collect().problems]
    assert len(messages) == 2
    assert all("lies outside inbox" in message for message in messages)
    assert newsroom.pictures() == []


def test_a_file_that_cannot_be_read_is_told_and_the_others_go_on(newsroom: Newsroom) -> None:
    newsroom.folder(
        {
            "a.md": text("A"),
            "b.md": "no headline",
            "c.md": b"\xff\xfe broken",
            "d.md": text("D", more="kind: nonsense"),
            "sub/e.md": text("E"),
            "_draft.md": "x",
            ".hidden/f.md": "x",
        }
    )
    report = newsroom.collect()
    assert sorted(a.slug for a in report.added) == ["a", "e"]
    assert [problem.message.split(":")[0].split(" ")[0] for problem in report.problems] == [
        "b.md",
        "c.md",
        "d.md",
    ]


def test_two_files_of_one_name_both_come(newsroom: Newsroom) -> None:
    newsroom.folder(
        {
            "a/harbour.md": text("One", more="url: https://d.example/1"),
            "b/harbour.md": text("Two", more="url: https://d.example/2"),
        }
    )
    newsroom.collect()
    assert newsroom.files() == ["harbour-2.md", "harbour.md"]


def test_a_file_that_is_an_article_already_there_is_told(newsroom: Newsroom) -> None:
    newsroom.folder({"a/harbour.md": text("One"), "b/harbour.md": text("Two")})
    report = newsroom.collect()
    assert len(report.added) == 1
    assert "same article as harbour.md" in report.problems[0].message


def test_a_missing_folder_is_told(newsroom: Newsroom) -> None:
    folder = newsroom.folder({})
    assert not folder.exists()
    (problem,) = newsroom.collect().problems
    assert problem.message.startswith("there is no folder inbox")


def test_an_odd_file_name_becomes_a_tidy_one(newsroom: Newsroom) -> None:
    newsroom.folder({"Été à Sfax (v2).md": text()})
    newsroom.collect()
    assert newsroom.files() == ["ete-a-sfax-v2.md"]


def test_the_folder_itself_is_never_written_to(newsroom: Newsroom) -> None:
    folder = newsroom.folder({"harbour.md": text()})

    def state() -> list[tuple[Path, bytes]]:
        return sorted((path, path.read_bytes()) for path in folder.rglob("*") if path.is_file())

    before = state()
    newsroom.collect()
    assert state() == before
