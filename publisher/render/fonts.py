"""One copy of each font in a bound magazine, with the glyphs of all its pages."""

from collections.abc import Iterable, Mapping, Sequence

import uharfbuzz
from pikepdf import Object, Pdf, Stream

from publisher.render.signatures import Face, Shelf, clearest

#: tables that viewers do not read
_USELESS = ("BASE", "DSIG", "EBDT", "EBLC", "EBSC", "GPOS", "GSUB", "GDEF", "JSTF", "LTSH", "PCLT")
_NOTHING = "\u200b"
_BATCH = 100  #: entries of a bfchar list, at most (Adobe technical note 5014)


class Fonts:
    """Subsets of the shelf's fonts, made once for the same glyphs."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._made: dict[tuple[str, frozenset[int]], bytes] = {}

    def share(self, pdf: Pdf, uses: Sequence[tuple[Object, Face]]) -> None:
        """Let all these font dictionaries of one face use one file and one map to text.

        Each keeps its own widths: the engine rounds them by the size a glyph is first used in,
        and spaces its lines by them. A face whose file is lost or of another kind stays as
        each signature brought it.
        """
        first = uses[0][1]
        if any(face.file != first.file for _, face in uses):
            return
        glyphs = clearest(face.glyphs for _, face in uses)
        data = self._subset(first.file, frozenset(glyphs))
        if data is None:
            return
        file = pdf.make_indirect(Stream(pdf, data, {"/Length1": len(data)}))
        letters = pdf.make_indirect(Stream(pdf, _unicode_map(glyphs)))
        for font, _ in uses:
            font.ToUnicode = letters
            font.DescendantFonts[0].FontDescriptor.FontFile2 = file

    def _subset(self, digest: str, glyphs: frozenset[int]) -> bytes | None:
        made = self._made.get((digest, glyphs))
        if made is None:
            whole = self._shelf.font(digest)
            if whole is None or whole[:4] == b"OTTO":
                return None
            made = self._made[digest, glyphs] = subset(whole, glyphs)
        return made


def subset(font: bytes, glyphs: frozenset[int]) -> bytes:
    """Return a TrueType font with these glyphs only, each with the number it had."""
    flags = uharfbuzz.SubsetFlags
    kept = _subset(font, glyphs, flags.RETAIN_GIDS | flags.NO_HINTING)
    # what follows the last glyph is empty, and its metrics would be taken for that glyph's
    return _subset(kept, range(max(glyphs, default=0) + 1), flags.NO_HINTING)


def _subset(font: bytes, glyphs: Iterable[int], flags: uharfbuzz.SubsetFlags) -> bytes:
    wanted = uharfbuzz.SubsetInput()
    wanted.glyph_set.update(glyphs)
    wanted.drop_table_tag_set.update(int.from_bytes(tag.encode()) for tag in _USELESS)
    wanted.flags = flags
    return bytes(uharfbuzz.subset(uharfbuzz.Face(font), wanted).blob.data)


def _unicode_map(glyphs: Mapping[int, str]) -> bytes:
    """Return the CMap that tells which text each glyph stands for (ISO 32000-1, 9.10.3).

    For a glyph without a text, viewers would show its number as a character: it gets a
    space of no width.
    """
    pairs = [
        f"<{glyph:04x}> <{(glyphs[glyph] or _NOTHING).encode('utf-16-be').hex()}>"
        for glyph in sorted(glyphs)
    ]
    batches = [pairs[start : start + _BATCH] for start in range(0, len(pairs), _BATCH)]
    lists = "\n".join(
        f"{len(batch)} beginbfchar\n" + "\n".join(batch) + "\nendbfchar" for batch in batches
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
        f"{lists}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()
