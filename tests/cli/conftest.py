"""The command line, called as an operator calls it, in a folder of its own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from publisher.cli import app

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty folder; what it prints is wide enough not to be folded."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "SENDGRID_API_KEY", "SMTP_PASSWORD", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"})

    def call(*arguments: str, answer: str | None = None) -> Result:
        return runner.invoke(app, arguments, input=answer)

    return call


@pytest.fixture
def gazette(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new publication that makes the e-mail and the web page, and the shell is in it."""
    made = run("init", "gazette", "--title", "The Gazette", "--timezone", "Africa/Tunis")
    assert made.exit_code == 0, made.output
    folder = tmp_path / "gazette"
    file = folder / "publication.toml"
    file.write_text(file.read_text() + '\n[editions]\nmake = ["email", "web"]\n')
    monkeypatch.chdir(folder)
    return folder


def said_json(result: Result) -> Any:
    """Read what a command printed with --json."""
    assert result.exit_code == 0, result.output
    return json.loads(result.output)
