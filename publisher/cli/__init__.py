"""The command line: parse, call, show. Errors become sentences and exit codes here."""

from publisher.cli import audience, demo, making, running, sending, start
from publisher.cli.app import app

__all__ = ["app", "audience", "demo", "main", "making", "running", "sending", "start"]


def main() -> None:
    """Run the command line."""
    app()
