"""Write files so that a crash leaves the old one or the new one, never half of either."""

import os
import secrets
from pathlib import Path


def save(path: Path, content: str | bytes, *, lasting: bool = True) -> None:
    """Replace a file atomically, making its folder if need be.

    A link is followed, not replaced, and the file keeps its permissions. What is not
    `lasting` may be lost or empty after a power cut, and its reader can tell.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path = path.resolve()
    data = content.encode() if isinstance(content, str) else content
    temporary = path.parent / f".{secrets.token_hex(8)}.tmp"
    # not mkstemp: its files are private whatever the umask says, and mending that
    # would mean touching the umask of every thread
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            if path.exists():
                os.fchmod(file.fileno(), path.stat().st_mode & 0o7777)
            file.write(data)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if lasting:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
