"""A signature: some pages of a magazine, printed by themselves and waiting to be bound.

Named for the folded sheets a bookbinder sews together. It is a small PDF and what is known
of it; kept on a shelf by the digest of all it depends on, so that what did not change is
not printed again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from publisher.content.files import save
from publisher.problems import Problem, Severity, Spot
from publisher.render.leaf import Leaf
from publisher.render.spots import Fault

_SPARE = 300  #: signatures kept on the shelf that the last build did not use


def clearest(maps: Iterable[Mapping[int, str]]) -> dict[int, str]:
    """Merge what is known of the texts of glyphs; the shortest that is one counts.

    Where two glyphs make a letter, as an Arabic one with its vowel, the engine gives both
    texts to one of them and none to the other. Another place knows them apart.
    """
    found: dict[int, str] = {}
    for known in maps:
        for glyph, text in known.items():
            best = found.get(glyph, "")
            if not best or (text and len(text) < len(best)):
                found[glyph] = text
    return found


@dataclass(frozen=True, kw_only=True)
class Face:
    """A font as some pages use it: what the bound magazine's one copy must contain."""

    file: str  #: digest of the whole font file, its name on the shelf
    glyphs: Mapping[int, str]  #: glyph -> the text it stands for


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the outline; level from 1, place in points from the page's bottom left."""

    page: int  #: of the signature, from 0
    level: int
    label: str
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A place links may lead to."""

    name: str
    page: int  #: of the signature, from 0
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Pages that were printed by themselves."""

    data: bytes = b""
    leaves: tuple[Leaf, ...] = ()
    entries: tuple[Entry, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    faces: Mapping[str, Face] = field(default_factory=dict)  #: by the PDF's name of the font
    problems: tuple[Problem, ...] = ()  #: their pages count within the signature, from 1
    faults: tuple[Fault, ...] = ()  #: widows and the like; their pages count from 1
    furniture: str = ""  #: HTML of its running heads
    about: Mapping[str, Any] = field(default_factory=dict)  #: what its maker wants to remember


class Shelf:
    """Signatures and whole fonts in a folder of the issue's cache.

    A lost or broken file only costs time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where it stands."""
        return self._folder

    def get(self, key: str) -> Signature | None:
        """Return what was printed before."""
        try:
            data = self._path(key, "pdf").read_bytes()
            raw = json.loads(self._path(key, "json").read_text("utf-8"))
            return _read(raw, data) if raw["size"] == len(data) else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, key: str, signature: Signature) -> None:
        """Keep a signature."""
        save(self._path(key, "pdf"), signature.data, lasting=False)
        notes = asdict(signature) | {"data": "", "size": len(signature.data)}
        # written last: without it the PDF is not looked at
        save(self._path(key, "json"), json.dumps(notes, ensure_ascii=False), lasting=False)

    def note(self, key: str) -> Any:
        """Return a note that was left under a key; None if there is none."""
        try:
            return json.loads(self._path(key, "json").read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def put_note(self, key: str, note: Any) -> None:
        """Leave a note, of what JSON can say."""
        save(self._path(key, "json"), json.dumps(note, ensure_ascii=False), lasting=False)

    def put_font(self, digest: str, data: bytes) -> None:
        """Keep a whole font file."""
        path = self._folder / f"{digest}.font"
        if not path.exists():
            save(path, data)

    def font(self, digest: str) -> bytes | None:
        """Return a whole font file."""
        try:
            return (self._folder / f"{digest}.font").read_bytes()
        except OSError:
            return None

    def clear(self, used: Iterable[str]) -> None:
        """Forget the oldest of what was not used."""
        keep = set(used)
        try:
            spare = [path for path in self._folder.glob("*.json") if path.stem not in keep]
            spare.sort(key=lambda path: path.stat().st_mtime, reverse=True)
            for path in spare[_SPARE:]:
                path.unlink(missing_ok=True)
                path.with_suffix(".pdf").unlink(missing_ok=True)
        except OSError:
            return  # another process tidies the same shelf

    def _path(self, key: str, kind: str) -> Path:
        return self._folder / f"{key}.{kind}"


def _read(raw: dict[str, Any], data: bytes) -> Signature:
    return Signature(
        data=data,
        leaves=tuple(_leaf(one) for one in raw["leaves"]),
        entries=tuple(Entry(**one) for one in raw["entries"]),
        anchors=tuple(Anchor(**one) for one in raw["anchors"]),
        faces={
            name: Face(
                file=one["file"],
                glyphs={int(glyph): text for glyph, text in one["glyphs"].items()},
            )
            for name, one in raw["faces"].items()
        },
        problems=tuple(read_problem(one) for one in raw["problems"]),
        faults=tuple(Fault(**one) for one in raw["faults"]),
        furniture=str(raw["furniture"]),
        about=dict(raw["about"]),
    )


def _leaf(raw: dict[str, Any]) -> Leaf:
    gaps = tuple((float(short), int(block)) for short, block in raw["gaps"])
    return Leaf(**raw | {"anchors": tuple(raw["anchors"]), "gaps": gaps})


def read_problem(raw: dict[str, Any]) -> Problem:
    """Return a problem that was written with `asdict`."""
    spot = Spot(**raw["spot"]) if raw.get("spot") else None
    return Problem(**raw | {"severity": Severity(raw["severity"]), "spot": spot})
