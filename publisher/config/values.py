"""What several tables of publication.toml hold: colours, languages, addresses."""

import re
from urllib.parse import urlsplit

from publisher.errors import ConfigError

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")


def web_address(value: str, name: str) -> None:
    """Raise `ConfigError` unless a value is the address of a page."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ConfigError(f"{name} must be a web address such as https://example.org")
