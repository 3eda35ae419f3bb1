"""`publisher run`, as a service manager starts and stops it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from publisher.config import Publication

ROOT = Path(__file__).parent.parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, port: int, database_url: str = "") -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "publisher", "-C", str(folder), "run", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            assert process.stdout
            for line in process.stdout:
                if "ready" in line:
                    break
            yield process
        finally:
            process.kill()


def test_it_serves_the_pages_and_leaves_in_peace_when_told_to(publication: Publication) -> None:
    port = free_port()
    with running(publication.root, port) as process:
        page = httpx.get(f"http://127.0.0.1:{port}/subscribe")
        assert page.status_code == 200
        assert "Sirocco" in page.text
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
        assert process.returncode == 0, said
        assert "Traceback" not in said


def test_a_port_that_is_taken_is_named_in_a_sentence(publication: Publication) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(publication.root, port) as process:
            said, _ = process.communicate(timeout=30)
            assert process.returncode == 1
            assert "Traceback" not in said


@pytest.mark.parametrize("number", [2])
def test_two_at_once_share_the_database(publication: Publication, number: int) -> None:
    ports = [free_port() for _ in range(number)]
    with running(publication.root, ports[0]), running(publication.root, ports[1]):
        for port in ports:
            assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
