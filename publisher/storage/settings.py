"""Small facts of the installation; above all the key that signs links in mails."""

import secrets as randomness

from sqlalchemy import Connection, Engine, select

from publisher.config import Secrets
from publisher.errors import ConfigError
from publisher.storage.engine import reading
from publisher.storage.inserts import insert_new
from publisher.storage.schema import settings

_SIGNING_KEY = "signing_key"
_SHORTEST_KEY = 24


def get_setting(connection: Connection, name: str, default: str = "") -> str:
    """Return a setting's value, or the default if it was never set."""
    value = connection.scalar(select(settings.c.value).where(settings.c.name == name))
    return default if value is None else str(value)


def put_setting(connection: Connection, name: str, value: str) -> None:
    """Set a setting, whether it was there before or not."""
    if not insert_new(connection, settings, {"name": name, "value": value}):
        connection.execute(settings.update().where(settings.c.name == name).values(value=value))


def signing_keys(engine: Engine, secrets: Secrets) -> tuple[str, ...]:
    """Return the keys for signing links: the first signs, each of them is accepted.

    SECRET_KEY from the environment signs if it is set; several may stand there with
    spaces between, newest first. The key made at first use and kept in the database is
    accepted for ever, for the links in mails that went out must go on working. Raises
    `ConfigError` for a key that could be guessed.
    """
    with reading(engine) as connection:
        own = get_setting(connection, _SIGNING_KEY)
    if not own:
        with engine.begin() as connection:
            fresh = {"name": _SIGNING_KEY, "value": randomness.token_urlsafe(48)}
            insert_new(connection, settings, fresh)
            own = get_setting(connection, _SIGNING_KEY)
    given = secrets.secret_key.split()
    if any(len(key) < _SHORTEST_KEY for key in given):
        raise ConfigError(
            f"SECRET_KEY is too easy to guess: use at least {_SHORTEST_KEY} characters, such as"
            " `openssl rand -base64 48` gives, or leave it out and one is made"
        )
    return (*given, own)
