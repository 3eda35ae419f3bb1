"""The faces of pages on screens: templates/static/fonts/web/, the publication's own first."""

import re
from pathlib import Path

from publisher.config import Publication
from publisher.render.templates import STATIC

_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
_FILE = re.compile(r"url\([\"']?([\w.-]+\.woff2)[\"']?\)")
_RANGE = re.compile(r"unicode-range:\s*([^;}]+)")


def faces_for(characters: set[str], publication: Publication) -> dict[str, bytes]:
    """Return fonts.css and the files it names, by name, without faces none of these need.

    A face without a unicode-range is for all text. The licences come along.
    """
    folder = _folder(publication)
    css = (folder / "fonts.css").read_text(encoding="utf-8")
    css = _FACE.sub(lambda m: m.group() if _needed(m.group(), characters) else "", css)
    css = "\n".join(row for row in css.splitlines() if row.strip()) + "\n"
    found = {"fonts.css": css.encode()}
    for name in sorted(set(_FILE.findall(css))):
        found[name] = (folder / name).read_bytes()
    for licence in sorted(folder.parent.glob("OFL-*.txt")):
        found[licence.name] = licence.read_bytes()
    return found


def all_faces(publication: Publication) -> dict[str, bytes]:
    """Return fonts.css and every file it names, by name."""
    folder = _folder(publication)
    css = (folder / "fonts.css").read_text(encoding="utf-8")
    files = {name: (folder / name).read_bytes() for name in sorted(set(_FILE.findall(css)))}
    return {"fonts.css": css.encode(), **files}


def _folder(publication: Publication) -> Path:
    own = publication.root / "templates" / "static" / "fonts" / "web"
    return own if (own / "fonts.css").is_file() else STATIC / "fonts" / "web"


def _needed(face: str, characters: set[str]) -> bool:
    ranges = _RANGE.search(face)
    if ranges is None:
        return True
    for part in ranges[1].split(","):
        first, _, last = part.strip().upper().removeprefix("U+").partition("-")
        low = int(first.replace("?", "0"), 16)
        high = int(last or first.replace("?", "F"), 16)
        if any(low <= ord(character) <= high for character in characters):
            return True
    return False
