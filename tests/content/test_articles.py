"""Reading the articles of an issue's folder."""

from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image

from publisher.content.articles import picture_sizes, read_articles
from publisher.problems import Severity

TUNIS = ZoneInfo("Africa/Tunis")


def write(folder: Path, name: str, text: str | bytes) -> None:
    path = folder / "articles" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def test_a_broken_file_is_reported_by_name_and_the_others_are_read(tmp_path: Path) -> None:
    write(tmp_path, "b.md", "---\ntitle: B\n---\nText")
    write(tmp_path, "a.md", "---\ntitle: A\n---\nText")
    write(tmp_path, "untitled.md", "---\nkicker: x\n---\nText")
    write(tmp_path, "latin.md", "---\ntitle: caf\u00e9\n---\n".encode("latin-1"))
    write(tmp_path, ".a.md.swp.md", "half a file")
    write(tmp_path, "notes.txt", "not an article")
    articles, problems = read_articles(tmp_path, TUNIS)
    assert [article.slug for article in articles] == ["a", "b"]
    assert [(p.article, p.severity) for p in problems] == [
        ("latin", Severity.ERROR),
        ("untitled", Severity.ERROR),
    ]
    assert "untitled.md: title is missing" in problems[1].message


def test_a_folder_without_articles_has_none(tmp_path: Path) -> None:
    assert read_articles(tmp_path, TUNIS) == ((), ())


def test_pictures_are_measured_and_broken_ones_left_out(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (30, 20)).save(tmp_path / "pictures/good.jpg")
    (tmp_path / "pictures/bad.jpg").write_bytes(b"nonsense")
    for name in ("good", "bad", "missing"):
        write(tmp_path, f"{name}.md", f"---\ntitle: T\npicture: pictures/{name}.jpg\n---\n")
    articles, _ = read_articles(tmp_path, TUNIS)
    assert picture_sizes(tmp_path, articles) == {"pictures/good.jpg": (30, 20)}
