"""Remember how articles were fitted, so that only what changed is fitted again."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from publisher.content.files import save

#: raise it when the fitting changes, so that old answers are forgotten
_RECIPE = 3


@dataclass(frozen=True)
class Fitted:
    """How an article is printed: its size in millimetres and the order of its blocks.

    `room` is what is left of its last page's type area, 0 to 1.
    """

    size: float
    order: tuple[int, ...]
    room: float


class Fits:
    """Answers by the digest of what was asked, kept in a file of the issue's cache.

    A lost or broken file only costs time. Only answers asked for this time are kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._old = _read(path)
        self._new: dict[str, Fitted] = {}

    @staticmethod
    def key(html: str, *bounds: float) -> str:
        """Return the name of a question: the article as HTML and what may give."""
        return hashlib.sha256(repr((_RECIPE, bounds, html)).encode()).hexdigest()[:24]

    def get(self, key: str) -> Fitted | None:
        """Return the answer given before."""
        found = self._new.get(key) or self._old.get(key)
        if found:
            self._new[key] = found
        return found

    def put(self, key: str, fitted: Fitted) -> None:
        """Remember an answer."""
        self._new[key] = fitted

    def save(self) -> None:
        """Write the answers of this time."""
        if self._new != self._old:
            save(self._path, json.dumps({key: asdict(one) for key, one in self._new.items()}))


def _read(path: Path) -> dict[str, Fitted]:
    try:
        raw = json.loads(path.read_text())
        return {
            str(key): Fitted(float(one["size"]), tuple(map(int, one["order"])), float(one["room"]))
            for key, one in raw.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
