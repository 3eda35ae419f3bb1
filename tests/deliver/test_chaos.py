"""A short rough crossing; `python -m benchmarks.chaos` sails two hundred long ones."""

from collections.abc import Iterator
from random import Random

import psycopg
import pytest
from sqlalchemy import Engine, make_url

from publisher.rehearsal.process import SendGridProcess, sendgrid_process
from tests.deliver.crew import Weather, context
from tests.deliver.rough import Crossing, cross, write_down
from tests.servers.postgres import Postgres

READERS, BATCH = 300, 10


@pytest.fixture(scope="module")
def provider() -> Iterator[SendGridProcess]:
    """A SendGrid in a process of its own; its books are the truth."""
    with sendgrid_process() as process:
        yield process


@pytest.fixture
def url(engine: Engine) -> str:
    """A database in which a mailing is planned."""
    address = engine.url.render_as_string(hide_password=False)
    engine.dispose()
    write_down(address, READERS, BATCH)
    return address


def sail(
    url: str, provider: SendGridProcess, weather: Weather, request: pytest.FixtureRequest
) -> Crossing:
    """Cross, with connections cut where there is a server to cut them."""
    cut = None
    if make_url(url).get_backend_name() == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        chance, name = Random(weather.seed), make_url(url).database  # noqa: S311 - repeatable

        def cut() -> None:
            with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
                rows = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = %s ORDER BY pid", [name]
                ).fetchall()
                if rows:
                    connection.execute("SELECT pg_terminate_backend(%s)", chance.choice(rows))

    return cross(url, provider, weather, batch=BATCH, processes=context(), cut=cut)


@pytest.mark.parametrize("seed", [3, 4])
def test_nobody_is_lost_and_nobody_doubled_whatever_befalls_the_workers(
    url: str, provider: SendGridProcess, seed: int, request: pytest.FixtureRequest
) -> None:
    found = sail(url, provider, Weather(seed=seed), request)
    assert found.kills == 3
    assert (found.lost, found.doubled, found.unnamed) == ((), (), ())
    assert (found.accepted, found.uncertain) == (READERS, 0)


def test_where_nothing_is_heard_every_doubt_is_named_and_nobody_mailed_twice(
    url: str, provider: SendGridProcess, request: pytest.FixtureRequest
) -> None:
    found = sail(url, provider, Weather(seed=5, events=False), request)
    assert (found.lost, found.doubled, found.unnamed) == ((), (), ())
    assert found.uncertain
    assert found.accepted + found.uncertain >= READERS
