"""What the tests about people share."""

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher.audience.tokens import Tokens

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """Noon of the Friday on which everything happens."""
    return NOON


@pytest.fixture
def tokens() -> Tokens:
    """The tokens of an installation with one key."""
    return Tokens(["a key that nobody knows"])


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write rows to readers.csv and return its path."""

    def write(*rows: Sequence[str], encoding: str = "utf-8", delimiter: str = ",") -> Path:
        path = tmp_path / "readers.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows(rows)
        return path

    return write
