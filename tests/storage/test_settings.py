"""The installation's settings and signing keys."""

import pytest
from sqlalchemy import Engine

from publisher.config import Secrets
from publisher.errors import ConfigError
from publisher.storage.engine import reading
from publisher.storage.settings import get_setting, put_setting, signing_keys


def test_a_setting_is_what_was_put_last(engine: Engine) -> None:
    with engine.begin() as connection:
        put_setting(connection, "colour", "ochre")
        put_setting(connection, "colour", "indigo")
    with reading(engine) as connection:
        assert get_setting(connection, "colour") == "indigo"
        assert get_setting(connection, "size", "small") == "small"


def test_the_signing_key_is_made_once_and_kept(engine: Engine) -> None:
    first = signing_keys(engine, Secrets())
    assert first == signing_keys(engine, Secrets())
    assert len(first) == 1
    assert len(first[0]) >= 43


def test_the_environments_key_signs_and_the_old_one_is_still_accepted(engine: Engine) -> None:
    (made,) = signing_keys(engine, Secrets())
    newer, older = "newer " * 6, "older " * 6
    keys = f"{newer.replace(' ', '')} {older.replace(' ', '')}"
    assert signing_keys(engine, Secrets(secret_key=keys)) == (*keys.split(), made)


def test_a_key_that_could_be_guessed_is_refused(engine: Engine) -> None:
    with pytest.raises(ConfigError, match="at least 24 characters"):
        signing_keys(engine, Secrets(secret_key="hunter2"))
