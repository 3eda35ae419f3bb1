"""What every part of the tests may ask for: a database, the demo publication."""

import itertools
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import URL, Engine, make_url

from publisher.config import Publication, load_publication
from publisher.storage.engine import open_url
from tests.servers.postgres import Postgres, postgres_server

ROOT = Path(__file__).parent.parent
# a busy machine is no failure; and a build that is judged must find the same twice
settings.register_profile("steady", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("steady")
_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _drawings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Charts drawn in tests are kept apart from those of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUBLISHER_CACHE", str(tmp_path_factory.mktemp("drawings")))
        yield


@pytest.fixture(scope="session")
def demo() -> Publication:
    """The demo publication, as it stands in the repository; not to be written to."""
    return load_publication(ROOT)


@pytest.fixture
def publication(tmp_path: Path) -> Publication:
    """A publication with the demo's configuration in a folder of its own, without issues.

    It makes three editions: the others have tests of their own, and take their time.
    """
    folder = tmp_path / "publication"
    folder.mkdir()
    text = (ROOT / "publication.toml").read_text(encoding="utf-8")
    few = re.sub(r"(?m)^make = .*", 'make = ["magazine", "email", "web"]', text)
    (folder / "publication.toml").write_text(few, encoding="utf-8")
    return load_publication(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server with no database of ours in it."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "publisher.db"
    open_url(URL.create("sqlite", database=str(path))).dispose()
    return path


@pytest.fixture(scope="session")
def _postgres_template(postgres: Postgres) -> str:
    postgres.run("CREATE DATABASE template_publisher")
    open_url(_psycopg(postgres.url("template_publisher"))).dispose()
    return "template_publisher"


def _psycopg(url: str) -> URL:
    return make_url(url).set(drivername="postgresql+psycopg")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database of each kind, as DATABASE_URL would hold it."""
    if request.param == "sqlite":
        path = tmp_path / "publisher.db"
        shutil.copy(request.getfixturevalue("_sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template = request.getfixturevalue("_postgres_template")
    server: Postgres = request.getfixturevalue("postgres")
    name = f"test_{next(_numbers)}"
    server.run(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.url(name)
    server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An open, empty, migrated database; the test runs on SQLite and again on PostgreSQL."""
    url = make_url(database_url)
    opened = open_url(_psycopg(database_url) if url.get_backend_name() != "sqlite" else url)
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, once for all tests: Playwright runs only once in a process."""
    quiet = (
        "--no-sandbox --disable-gpu --disable-background-networking"
        " --disable-component-update --disable-sync"
    )
    with sync_playwright() as playwright:
        found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
        chromium = playwright.chromium.launch(
            executable_path=next(filter(None, found), "/usr/bin/chromium"), args=quiet.split()
        )
        yield chromium
        chromium.close()
