"""Disks that are full, files that cannot be read: one sentence each, and nothing is lost."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Run, said_json


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond a size in bytes, as on a disk that is almost full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_from_a_mistake_and_the_list_stays_whole(
    run: Run, gazette: Path
) -> None:
    run("subscribers", "add", "ada@example.org")
    rows = "".join(f"reader{n}@example.org\n" for n in range(3000))
    (gazette / "new.csv").write_text(f"email\n{rows}")
    with room_for(60_000):
        result = run("subscribers", "import", "new.csv")
    assert result.exit_code == 1
    assert "publisher.db" in result.output
    assert "room" in result.output
    assert "Traceback" not in result.output
    assert said_json(run("subscribers", "import", "new.csv", "--json"))["added"] == 3000
    assert said_json(run("subscribers", "list", "--json"))["counts"]["active"] == 3001


def test_a_disk_that_fills_up_while_approving_leaves_the_issue_as_it_was(
    run: Run, gazette: Path
) -> None:
    for command in ("collect", "render"):
        assert run(command).exit_code == 0
    with room_for(40_000):
        result = run("approve")
    assert result.exit_code == 1
    assert "cannot write" in result.output
    assert "run the same command again" in result.output
    assert said_json(run("status", "--json"))["issues"][0]["state"] == "rendered"
    assert run("approve").exit_code == 0


def test_settings_that_cannot_be_read_are_named(
    run: Run, gazette: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    # who runs the tests may be root, whom no file refuses
    monkeypatch.setattr(Path, "read_text", refuse)
    result = run("status")
    assert result.exit_code == 2
    assert "publication.toml cannot be read: Permission denied" in result.output


def test_after_a_bad_option_init_can_be_called_again(run: Run, tmp_path: Path) -> None:
    assert run("init", "paper", "--timezone", "Nonsense").exit_code == 2
    assert not (tmp_path / "paper").exists()
    assert run("init", "paper", "--title", "One\nPaper").exit_code == 0


def test_init_where_a_file_stands_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "paper").touch()
    result = run("init", "paper")
    assert result.exit_code == 2
    assert "paper is a file" in result.output
