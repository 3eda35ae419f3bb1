"""Tell when a file that the preview shows has changed."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

from watchfiles import watch

from publisher.config import FILE as PUBLICATION_FILE
from publisher.content.issue import FILE as ISSUE_FILE
from publisher.render.templates import TEMPLATES

#: milliseconds of quiet after which a burst of saves counts as one
_QUIET = 40
_BURST = 400  #: longest burst
#: milliseconds between looks at file systems that tell of nothing (network, some containers)
_LOOK = 1000

Snapshot = dict[Path, tuple[int, int]]


def changes(root: Path, issue: Path, stop: Event) -> Iterator[frozenset[Path]]:
    """Yield the files that were written, added or removed, burst by burst, until stopped.

    The first set is empty and means: watching has begun. `root` is the publication's
    folder, `issue` the issue's; neither needs to be complete. Build products, hidden
    files and editors' backups do not count.
    """
    before = snapshot(root, issue)
    yield frozenset()
    while not stop.is_set():
        folders = _folders(root, issue)
        for _ in _wakes(folders, stop):
            now = snapshot(root, issue)
            changed = {
                path for path in before.keys() | now.keys() if before.get(path) != now.get(path)
            }
            before = now
            if changed:
                yield frozenset(changed)
            if _folders(root, issue) != folders:
                break


def snapshot(root: Path, issue: Path) -> Snapshot:
    """Return size and time of every file that matters."""
    files = [root / PUBLICATION_FILE, issue / ISSUE_FILE]
    for folder in _folders(root, issue) - {root, issue, issue.parent}:
        try:
            files += [path for path in folder.iterdir() if not _passing(path.name)]
        except OSError:  # it went away in between
            continue
    found: Snapshot = {}
    for path in files:
        try:
            facts = path.stat()
        except OSError:
            continue
        if path.is_file():
            found[path] = facts.st_mtime_ns, facts.st_size
    return found


def _folders(root: Path, issue: Path) -> set[Path]:
    """Return every folder to watch, without its subfolders."""
    alone = [root, issue.parent, issue]
    trees = [
        *(issue / name for name in ("articles", "pictures", "data")),
        root / "templates",
        TEMPLATES,
    ]
    folders = {folder for folder in alone if folder.is_dir()}
    for tree in trees:
        if tree.is_dir():
            folders |= {tree, *(path for path in tree.rglob("*") if path.is_dir())}
    return folders


def _wakes(folders: set[Path], stop: Event) -> Iterator[object]:
    """Yield whenever something may have happened in one of the folders, or some time passed."""
    yield None  # at once, for what happened before the watch
    try:
        yield from watch(
            *folders,
            watch_filter=None,
            debounce=_BURST,
            step=_QUIET,
            stop_event=stop,
            rust_timeout=_LOOK,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
            ignore_permission_denied=True,
        )
    except FileNotFoundError:  # a folder went away before it could be watched
        return


def _passing(name: str) -> bool:
    """Say whether a file is an editor's own: a backup, a lock, half a save."""
    return name.startswith((".", "#")) or name.endswith(("~", ".swp", ".tmp", ".part"))
