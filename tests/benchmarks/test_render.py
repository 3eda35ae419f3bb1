"""The measurement of rendering: what it prints, and that it survives what is not there."""

import json
from pathlib import Path

import pytest

from benchmarks import peers, render
from benchmarks.invented import Recipe

_LINE = [
    "pages",
    "one_pass_s",
    "cold_s",
    "edit_s",
    "peak_mb",
    "file_mb",
    "chromium_s",
    "pagedjs_s",
    "vivliostyle_s",
]


def test_the_last_line_tells_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    render.main(["--articles", "2", "--runs", "1", "--no-peers"])
    printed = capsys.readouterr().out
    figures = json.loads(printed.splitlines()[-1])
    assert list(figures) == _LINE
    assert figures["pages"] >= 5  # cover, contents, two articles, back page
    assert all(figures[name] > 0 for name in _LINE[:6])
    assert figures["chromium_s"] is figures["vivliostyle_s"] is None
    assert "plain WeasyPrint" in printed


def test_the_browser_prints_the_document_with_all_its_pictures(tmp_path: Path) -> None:
    subject = render.made(tmp_path, Recipe(articles=2, pictures=3, median=150))
    text = subject.html.read_text("utf-8")
    assert "file:" not in text
    assert list((subject.html.parent / "files").glob("*.jpg"))
    pdf = tmp_path / "printed.pdf"
    made = peers.printed(peers.CHROMIUM, subject.html, pdf)
    assert not made.failed, made.said
    assert made.seconds > 0
    assert made.peak_mb > 20
    assert pdf.read_bytes().startswith(b"%PDF")


def test_a_program_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    nobody = peers.Peer(name="Nobody", program="no-such-program", arguments=())
    assert peers.printed(nobody, tmp_path / "a.html", tmp_path / "a.pdf").said == "not installed"


def test_a_longer_issue_has_more_articles_and_pictures() -> None:
    longer = render.scaled(Recipe(articles=4, pictures=6), 2.5)
    assert (longer.articles, longer.pictures) == (10, 15)
