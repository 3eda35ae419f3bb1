"""Digests of what pages depend on: files, templates, fonts, programs."""

import hashlib
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from publisher.config import Publication
from publisher.render.templates import TEMPLATES

_CODE = Path(__file__).parent.parent
#: what a page never shows
_UNSHOWN = frozenset({"__pycache__", "email", "web", "start"})


def digest(*parts: str) -> str:
    """Return a short name for texts."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part.encode())
        found.update(b"\0")
    return found.hexdigest()[:32]


def stamp(publication: Publication) -> str:
    """Return a digest of all that any page depends on beside its content.

    Templates and fonts (ours and the publication's), our code, WeasyPrint.
    """
    folders = (TEMPLATES, publication.root / "templates", _CODE / "render", _CODE / "content")
    lines = [version("weasyprint")]
    for folder in folders:
        lines += [f"{path} {_file(path)}" for path in _files(folder)]
    return digest(*lines)


def file_digest(path: Path) -> str:
    """Return the digest of a file's content; empty if it cannot be read."""
    try:
        return _file(path)
    except OSError:
        return ""


def _file(path: Path) -> str:
    """Return a file's digest; the file is read again when its size or time has changed."""
    status = path.stat()
    return _content(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _content(path: Path, size: int, changed: int) -> str:
    del size, changed  # they only tell whether it must be read again
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix != ".pyc"
        and not _UNSHOWN & set(path.relative_to(folder).parts[:-1])
    )
