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


# ---- figures ---------------------------------------------------------------------


def test_figures_come_along_with_their_article(newsroom: Newsroom) -> None:
    name = "figures/rain-2026.csv"
    chart = f"/// chart | Rain\n    file: {name}\n///"
    newsroom.folder({"harbour.md": text(body=chart), name: "City,mm\nTunis,450\n"})
    assert newsroom.collect().problems == ()
    article = newsroom.article("harbour")
    assert "    file: data/rain-2026.csv\n" in article.body
    assert (newsroom.issue() / "data/rain-2026.csv").read_bytes() == b"City,mm\nTunis,450\n"


def test_other_figures_under_the_same_name_get_another(newsroom: Newsroom) -> None:
    chart = "/// chart | Rain\n    file: rain.csv\n///"
    files = {f"{place}/{place}.md": text(place, body=chart) for place in ("east", "west")}
    files |= {f"{place}/rain.csv": f"City,mm\n{place},1\n" for place in ("east", "west")}
    newsroom.folder(files)
    assert newsroom.collect().problems == ()
    named = {
        newsroom.article(place).body.split("file: ")[1].split("\n")[0] for place in ("east", "west")
    }
    assert len(named) == 2
    assert all((newsroom.issue() / name).is_file() for name in named)


def test_missing_or_foreign_figures_are_told(newsroom: Newsroom) -> None:
    secret = newsroom.publication.root / "secret.csv"
    secret.write_text("User,Password\nroot,1\n", encoding="utf-8")
    chart = "/// chart | Rain\n    file: {}.csv\n///"
    body = "\n\n".join(chart.format(name) for name in ("none", "link", "../secret"))
    folder = newsroom.folder({"harbour.md": text(body=body)})
    (folder / "link.csv").symlink_to(secret)
    messages = [problem.message for problem in newsroom.collect().problems]
    assert "taken without the figures of none.csv: put it there, or mend the path" in messages
    assert any("link.csv: it lies outside inbox" in message for message in messages)
    assert len(messages) == 3
    assert not list((newsroom.issue() / "data").glob("*"))


def test_changed_figures_are_told_like_a_changed_text(newsroom: Newsroom) -> None:
    chart = "/// chart | Rain\n    file: rain.csv\n///"
    folder = newsroom.folder({"harbour.md": text(body=chart), "rain.csv": "City,mm\nTunis,450\n"})
    newsroom.collect()
    (folder / "rain.csv").write_text("City,mm\nTunis,460\n", encoding="utf-8")
    (problem,) = newsroom.collect().problems
    assert "changed at the source since it was taken" in problem.message


def test_figures_of_the_front_matter_are_kept_as_they_are(newsroom: Newsroom) -> None:
    newsroom.folder({"harbour.md": text(more="data:\n  rain: |\n    City,mm\n    Tunis,450")})
    newsroom.collect()
    path = newsroom.issue() / "articles/harbour.md"
    assert "data:\n  rain: |" in path.read_text(encoding="utf-8")
    assert newsroom.article("harbour").data == {"rain": "City,mm\nTunis,450\n"}
