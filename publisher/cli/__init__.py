"""The command line: parse, call, show. Errors become sentences and exit codes here."""

from publisher.cli import (
    audience,
    bounces,
    checking,
    demo,
    making,
    report,
    retrying,
    running,
    sending,
    start,
    working,
)
from publisher.cli.app import app

__all__ = [
    "app",
    "audience",
    "bounces",
    "checking",
    "demo",
    "main",
    "making",
    "report",
    "retrying",
    "running",
    "sending",
    "start",
    "working",
]


def main() -> None:
    """Run the command line."""
    app()
