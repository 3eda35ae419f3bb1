"""The command line: parse, call, show. Errors become sentences and exit codes here."""

from publisher.cli import (
    audience,
    checking,
    demo,
    making,
    report,
    running,
    sending,
    start,
    working,
)
from publisher.cli.app import app

__all__ = [
    "app",
    "audience",
    "checking",
    "demo",
    "main",
    "making",
    "report",
    "running",
    "sending",
    "start",
    "working",
]


def main() -> None:
    """Run the command line."""
    app()
