"""A real PostgreSQL of our own: made in a temporary folder, gone after the tests."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

USER, PASSWORD = "postgres", "p@ss/word:1"


@dataclass(frozen=True)
class Postgres:
    """A running server that asks for a password on loopback and trusts its own socket."""

    folder: Path
    port: int

    def url(self, database: str) -> str:
        """Return an address over the Unix socket, as DATABASE_URL would hold it."""
        return f"postgresql://{USER}@/{database}?host={self.folder}&port={self.port}"

    def run(self, sql: str) -> None:
        """Run one statement as the superuser, outside a transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.encode())


def binaries() -> Path:
    """Return the folder of the newest installed server's programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    on_path = shutil.which("initdb")
    if not found and not on_path:
        raise AssertionError(
            "PostgreSQL is not installed: run `make test`, which installs it,"
            " or `apt-get install postgresql`"
        )
    return found[-1].parent if found else Path(str(on_path)).parent


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[Postgres]:
    """Start a server on a free loopback port and a socket in a temporary folder.

    It does not wait for the disk unless it is to be `durable`, as benchmarks need it.
    """
    programs = binaries()
    # the socket's path may not be longer than 107 bytes, so not in pytest's own deep folders
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    # PostgreSQL refuses to run as root; the signal ends it with us, even if we are killed
    runner = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        account = "postgres"
        shutil.chown(folder, account)
        runner += [f"--reuid={account}", f"--regid={account}", "--clear-groups"]
    data, password = folder / "data", folder / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    password.chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    try:
        make: list[str | Path] = [
            *runner, programs / "initdb", "-D", data, "-U", USER, "--no-sync", "--encoding=UTF8",
            "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256",
            f"--pwfile={password}",
        ]  # fmt: skip
        made = subprocess.run(make, capture_output=True, text=True, cwd=folder, check=False)
        assert made.returncode == 0, f"initdb failed: {made.stderr}"
        fast = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
        start: list[str | Path] = [*runner, programs / "postgres", "-D", data, "-p", str(port)]
        start += ["-k", folder, "-c", "listen_addresses=127.0.0.1"]
        for setting in ("max_connections=60", *(() if durable else fast)):
            start += ["-c", setting]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(start, stdout=log, stderr=log, cwd=folder)
        try:
            postgres = Postgres(folder, port)
            _wait(postgres, server)
            yield postgres
        finally:
            server.terminate()
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(postgres: Postgres, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(postgres.url("postgres")).close()
        except psycopg.OperationalError:
            log = (postgres.folder / "log").read_text()
            assert server.poll() is None, f"PostgreSQL ended at once: {log}"
            assert time.monotonic() < deadline, f"PostgreSQL does not answer: {log}"
            time.sleep(0.05)
        else:
            return
