"""TOML tables -> frozen dataclasses; anything unknown or wrong is one clear sentence.

A dataclass is the schema: its fields are the keys, its annotations what is allowed,
its defaults what may be left out. Each field carries its explanation for the README
in `metadata["help"]` (see `key`).
"""

import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Mapping
from copy import deepcopy
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin
from zoneinfo import ZoneInfo

from publisher.errors import ConfigError

T = TypeVar("T")
_WORDS: dict[Any, str] = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a date such as 2026-11-20",
    datetime: "a date and time such as 2026-11-20T06:00:00+01:00",
}


def key(help: str, default: Any = dataclasses.MISSING, **more: Any) -> Any:
    """Declare a key of a table with its explanation for the README."""
    if default is dataclasses.MISSING and "default_factory" not in more:
        return dataclasses.field(metadata={"help": help}, **more)
    if "default_factory" in more:
        return dataclasses.field(metadata={"help": help}, **more)
    return dataclasses.field(default=default, metadata={"help": help}, **more)


def load_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; raise `ConfigError` naming the file and the line that is wrong."""
    try:
        status = path.stat()
        return deepcopy(_parsed(path, status.st_size, status.st_mtime_ns))
    except FileNotFoundError:
        raise ConfigError(f"there is no {path}") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8: save it as UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None


@lru_cache(maxsize=64)
def _parsed(path: Path, size: int, changed: int) -> dict[str, Any]:
    del size, changed  # they only tell whether it must be read again
    return tomllib.loads(path.read_text(encoding="utf-8"))


def read(cls: type[T], table: Any, *, file: str, at: str = "") -> T:
    """Build a dataclass from a parsed TOML table.

    `file` and `at` (the key's path, such as "delivery.smtp") go into the message of
    the `ConfigError` that is raised for an unknown key, a missing key or a bad value.
    """
    if not isinstance(table, Mapping):
        raise ConfigError(f"{file}: {at} must be a table")
    hints = typing.get_type_hints(cls)
    fields = {
        field.name: field
        for field in dataclasses.fields(cls)  # type: ignore[arg-type]  # T is a dataclass here
        if field.init and not field.metadata.get("hidden")
    }
    values: dict[str, Any] = {}
    for name, value in table.items():
        path = f"{at}.{name}" if at else name
        if name not in fields:
            close = difflib.get_close_matches(name, fields, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            allowed = ", ".join(fields)
            raise ConfigError(f"{file}: unknown key {path}: {hint}Allowed here: {allowed}")
        values[name] = _value(hints[name], value, file, path)
    for name, field in fields.items():
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if required and name not in values:
            path = f"{at}.{name}" if at else name
            word = field.metadata.get("help", "")
            raise ConfigError(f"{file}: {path} is missing: {word}")
    try:
        return cls(**values)
    except ConfigError as error:
        place = f"{file}: {at}: " if at else f"{file}: "
        raise ConfigError(f"{place}{error}") from None


def _value(hint: Any, value: Any, file: str, path: str) -> Any:
    def refuse(allowed: str) -> ConfigError:
        return ConfigError(f"{file}: {path} = {value!r} is not allowed: use {allowed}")

    origin = get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return _value(next(a for a in get_args(hint) if a is not type(None)), value, file, path)
    if origin is tuple:
        if not isinstance(value, list):
            raise refuse("a list in [brackets]")
        members = get_args(hint)
        if members[-1] is not Ellipsis:
            if len(value) != len(members):
                raise refuse(f"a list of {len(members)}")
            return tuple(_value(m, v, file, path) for m, v in zip(members, value, strict=True))
        return tuple(_value(members[0], v, file, f"{path}[{n}]") for n, v in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise refuse("a table")
        inner = get_args(hint)[1]
        return {str(k): _value(inner, v, file, f"{path}.{k}") for k, v in value.items()}
    if dataclasses.is_dataclass(hint) and not _is_written(hint):
        return read(typing.cast("type[Any]", hint), value, file=file, at=path)
    return _plain(hint, value, refuse)


def _plain(hint: Any, value: Any, refuse: Any) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint in _WORDS:
        # bool is an int and datetime is a date: neither may pass for the other
        exact = type(value) is hint
        if not exact:
            raise refuse(_WORDS[hint])
        return value
    if not isinstance(value, str):
        raise refuse("a text in quotes")
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError:
            raise refuse("one of " + ", ".join(str(member.value) for member in hint)) from None
    if hint is ZoneInfo:
        try:
            return ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise refuse("a time zone such as Africa/Tunis") from None
    if _is_written(hint):
        try:
            return hint.parse(value)
        except ConfigError:
            raise refuse(hint.EXAMPLE) from None
    if hint is Path:
        return Path(value)
    raise TypeError(f"no reader for {hint}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class KeyDoc:
    """A key of a table, as the README explains it."""

    path: str  #: such as delivery.smtp.port, or sources[].kind in a list of tables, articles.NAME.kind
    default: str  #: as TOML would have it; empty for a key that must be given
    help: str


def describe(cls: type[Any], at: str = "") -> list[KeyDoc]:
    """List every key that `read` takes for this dataclass, tables inside tables included."""
    hints = typing.get_type_hints(cls)
    docs: list[KeyDoc] = []
    for field in dataclasses.fields(cls):
        if field.metadata.get("hidden"):
            continue
        path = f"{at}.{field.name}" if at else field.name
        inner = _inner_table(hints[field.name])
        if inner:
            repeated = {tuple: "[]", dict: ".NAME"}.get(get_origin(hints[field.name]), "")
            docs += describe(inner, f"{path}{repeated}")
        else:
            help_text = field.metadata.get("help", "")
            docs.append(KeyDoc(path=path, default=_toml(field.default), help=help_text))
    return docs


def _inner_table(hint: Any) -> type[Any] | None:
    for member in (hint, *get_args(hint)):
        if isinstance(member, type) and dataclasses.is_dataclass(member):
            return None if _is_written(member) else member
    return None


def _is_written(hint: Any) -> bool:
    """Return whether values of this class are read by its own `parse` from a text.

    It says in `EXAMPLE` what such a text is.
    """
    return hasattr(hint, "parse") and hasattr(hint, "EXAMPLE")


def _toml(value: Any) -> str:
    if value is dataclasses.MISSING:
        return ""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"{value:g}"
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(v) for v in value)}]"
    return f'"{value}"'
