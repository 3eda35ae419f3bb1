"""One copy of each font in a bound magazine, with the glyphs of all its pages."""

from collections.abc import Mapping, Sequence

import uharfbuzz
from pikepdf import Array, Dictionary, Object, Pdf, Stream

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
        """Let all these font dictionaries of one face use one file, map and list of widths.

        A face whose file is lost or of another kind stays as each signature brought it.
        """
        first = uses[0][1]
        if any(face.file != first.file for _, face in uses):
            return
        widths: dict[int, float] = {}
        for _, face in uses:
            widths |= face.widths
        glyphs = clearest(face.glyphs for _, face in uses)
        data = self._subset(first.file, frozenset(glyphs))
        if data is None:
            return
        file = pdf.make_indirect(Stream(pdf, data, {"/Length1": len(data)}))
        letters = pdf.make_indirect(Stream(pdf, _unicode_map(glyphs)))
        across = pdf.make_indirect(_widths(widths))
        descendants = uses[0][0].DescendantFonts
        descendants[0].W = across
        descendants[0].FontDescriptor.FontFile2 = file
        for font, _ in uses:
            font.ToUnicode = letters
            font.DescendantFonts = descendants

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
    wanted = uharfbuzz.SubsetInput()
    wanted.glyph_set.update(glyphs)
    wanted.drop_table_tag_set.update(int.from_bytes(tag.encode()) for tag in _USELESS)
    wanted.flags = uharfbuzz.SubsetFlags.RETAIN_GIDS | uharfbuzz.SubsetFlags.NO_HINTING
    return bytes(uharfbuzz.subset(uharfbuzz.Face(font), wanted).blob.data)


def _widths(widths: Mapping[int, float]) -> Array:
    """Return the W array: runs of following glyphs with their widths (ISO 32000-1, 9.7.4.3)."""
    found, before, run = Array(), -2, Array()
    for glyph in sorted(widths):
        if glyph != before + 1:
            run = Array()
            found.append(glyph)
            found.append(run)
        run.append(round(widths[glyph], 3))
        before = glyph
    return found


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
