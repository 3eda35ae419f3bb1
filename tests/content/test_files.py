import os
import threading
from pathlib import Path

import pytest

from publisher.content.files import save


def test_a_file_is_replaced_and_nothing_else_stays_behind(tmp_path: Path) -> None:
    path = tmp_path / "new" / "issue.toml"
    save(path, "number = 1\n")
    save(path, "number = 2\n")
    assert path.read_text() == "number = 2\n"
    assert [file.name for file in path.parent.iterdir()] == ["issue.toml"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "article.md"
    save(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(path, "new")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["article.md"]


def test_a_new_file_is_for_everybody_the_umask_allows(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        save(tmp_path / "a.md", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "a.md").stat().st_mode & 0o777 == 0o640


def test_an_existing_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    save(path, "old")
    path.chmod(0o664)
    save(path, "new")
    assert path.stat().st_mode & 0o777 == 0o664


def test_a_link_is_followed_not_replaced(tmp_path: Path) -> None:
    shared = tmp_path / "shared.toml"
    shared.write_text("old")
    link = tmp_path / "issue.toml"
    link.symlink_to(shared)
    save(link, "new")
    assert link.is_symlink()
    assert shared.read_text() == "new"


def test_a_long_name_and_bytes_can_be_saved(tmp_path: Path) -> None:
    path = tmp_path / ("ا" * 125 + ".md")
    save(path, b"\xff\x00")
    assert path.read_bytes() == b"\xff\x00"


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    texts = {letter * 200_000 for letter in "ab"}
    save(path, min(texts))
    done = threading.Event()

    def write() -> None:
        for text in sorted(texts) * 15:
            save(path, text)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(path.read_text())
    writer.join()
    assert seen <= texts
