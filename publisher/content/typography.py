"""Plain text -> plain text as a compositor would set it: quotes, dashes, spaces.

The rules find edits and never touch letters or digits, so no word can be lost, and
they leave what is already set alone, so setting twice is setting once.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

NO_BREAK = "\u00a0"
THIN = "\u202f"  #: narrow no-break space

Edit = tuple[int, int, str]  #: replace text[start:end]
Rule = Callable[[str], Iterator[Edit]]


@dataclass(frozen=True)
class _Marks:
    outer: tuple[str, str]
    inner: tuple[str, str]
    single_is_apostrophe: bool = False


_ENGLISH = _Marks(("“", "”"), ("‘", "’"))
_ANGLED = _Marks(("«", "»"), ("“", "”"))
_LATIN_ANGLED = _Marks(("«", "»"), ("“", "”"), single_is_apostrophe=True)
_LOW = _Marks(("„", "“"), ("‚", "‘"))
#: CLDR's quotation marks; languages not named here are set like English
_MARKS = {
    **dict.fromkeys(("ar", "fa", "es", "el", "nb", "nn", "no"), _ANGLED),
    **dict.fromkeys(("fr", "it", "ca"), _LATIN_ANGLED),
    **dict.fromkeys(("ru", "uk", "be"), _Marks(("«", "»"), ("„", "“"))),
    **dict.fromkeys(("de", "cs", "sk", "sl", "bg", "is", "lt", "sq"), _LOW),
    **dict.fromkeys(("pl", "ro", "hu"), _Marks(("„", "”"), ("«", "»"))),
    **dict.fromkeys(("sv", "fi"), _Marks(("”", "”"), ("’", "’"))),
}
#: scripts with punctuation of their own, whose letters have no hyphens and no apostrophes
_OWN_PUNCTUATION = frozenset({"ar", "fa", "ur", "ckb", "ps"})
#: scripts whose quotes we cannot tell from letters' marks, or that use none of ours
_UNTOUCHED = frozenset({"he", "yi", "zh", "ja", "ko", "th"})

_ADDRESS = re.compile(r"(?:\w+://|www\.|mailto:)[^\s\"'«»“”]+|[^\s\"'<>«»“”]+@[^\s\"'<>«»“”]+")
_ELLIPSIS = re.compile(r"(?<!\.)\.\.\.(?!\.)")
_LONG_DASH = re.compile(r"(?<![-–—])---(?![-–—])|(?<=\w)--(?=\w)")
_SPACED_DASH = re.compile(r"(?<=\S)[ \u00a0](?:--?|–)(?= \S)")
#: the dash that opens a speech stays with its first word
_SPEECH = re.compile(r"(?:(?<=\A[–—])|(?<=\n[–—])) (?=\S)")
_NUMBER = r"\d+(?:[.,:]\d+)*"
_RANGE = re.compile(
    rf"(?<![\w.,:/–-])(?P<low>{_NUMBER})(?P<dash>-)(?P<high>{_NUMBER})(?![\w/–-]|[.,:]\d)"
)
_UNIT = re.compile(
    r"(?<=\d) (?=(?:%|‰|°C?|€|\$|£|[kmc]?m²?|kg|g|ha|l|ml|[kMG]W|[kMGT]Wh|km/h|millions?"
    r"|billions?|milliards?|Millionen|Milliarden|BC|AD|BCE|CE|[ap]m|h|min|euros?|dinars?"
    r"|dirhams?|years?|months?|days?|hours?|ans?|mois|jours?|heures?|siècles?)(?!\w))"
    r"|(?<=\d[ \u00a0]h) (?=\d\d\b)"  # 21 h 50
)
_ABBREVIATED = re.compile(
    r"(?:(?<!\w)(?:Mr|Mrs|Ms|Dr|St|Mme|Mlle|M\.)\.?(?P<name> )(?=[^\W\d_])"
    r"|(?<!\w)(?:Nos?|[Vv]ol|pp?|[Ff]ig|[nN]°|art)\.?(?P<figure> )(?=\d))"
)
_GROUPS = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)")
_SPACES = "[ \u00a0\u2009\u202f]"
_HIGH = re.compile(rf"(?<=[^\s;!?…(\[«]){_SPACES}*(?=[;!?]+(?:[\s\"'»”’)\]…]|\Z))")
_COLON = re.compile(rf"(?<=[^\s:(\[«]){_SPACES}+(?=:(?:[\s»]|\Z))|(?<=[\w»)”’%])(?=:[\s»])")
_AFTER_OPEN = re.compile(rf"(?<=«){_SPACES}*(?=[^\s»])")
_BEFORE_CLOSE = re.compile(rf"(?<=[^\s«]){_SPACES}*(?=»)")
#: after an Arabic letter, its vowels or a quotation that ends so
_AFTER_ARABIC = "(?<=[\u0621-\u0652\u0671-\u06d3\u06d5»”])"
_ENDS = '(?=[\\s"»”)\\]…]|\\Z)'
_ARABIC_MARKS = tuple(
    (re.compile(rf"{_AFTER_ARABIC} *{re.escape(latin)}{_ENDS}"), own)
    for latin, own in ((",", "،"), (";", "؛"), ("?", "؟"))
)
_ARABIC_GAP = re.compile(rf"{_AFTER_ARABIC} +(?=[،؛؟!:.]{_ENDS})")
_ARABIC_PERCENT = re.compile("(?<=[\u0660-\u0669\u06f0-\u06f9]) ?%")
#: words whose first letters the apostrophe stands for
_ELIDED = re.compile(r"'(?:\d\ds?\b|(?:tis|twas|em|til|cause|n|round)\b)", re.IGNORECASE)
_OPENS_AFTER = frozenset("([{«“‘„‚—–-/¿¡\ufffc")


def typeset(text: str, language: str) -> str:
    """Return the text with the quotes, dashes, ellipses and no-break spaces of its language.

    `language` is a tag such as "fr" or "ar-TN"; only its first part counts.
    """
    return typeset_parts((text,), language)[0]


def typeset_parts(parts: Sequence[str], language: str) -> list[str]:
    """Typeset one text that comes in parts, such as the pieces between inline elements.

    A quote that opens in one part and closes in another is still set as a pair.
    """
    pieces = list(parts)
    for rule in _rules(language.split("-")[0].lower()):
        text = "".join(pieces)
        addresses = [match.span() for match in _ADDRESS.finditer(text)]
        edits = [
            (start, end, new)
            for start, end, new in rule(text)
            if text[start:end] != new and not any(a < end and start < b for a, b in addresses)
        ]
        pieces = _apply(pieces, edits)
    return pieces


def _rules(language: str) -> list[Rule]:
    if language in _UNTOUCHED:
        return []
    marks = _MARKS.get(language, _ENGLISH)
    if language in _OWN_PUNCTUATION:
        return [
            _swap(_ELLIPSIS, "…"),
            lambda text: _quotes(text, marks, double_only=True),
            _swap(_SPACED_DASH, f"{NO_BREAK}–"),
            *(_swap(pattern, mark) for pattern, mark in _ARABIC_MARKS),
            _swap(_ARABIC_GAP, ""),
            _swap(_ARABIC_PERCENT, "٪"),
        ]
    rules: list[Rule] = [
        _swap(_ELLIPSIS, "…"),
        lambda text: _quotes(text, marks),
        _swap(_LONG_DASH, "—"),
        _swap(_SPACED_DASH, f"{NO_BREAK}–"),
        _swap(_SPEECH, NO_BREAK),
        _ranges,
    ]
    if language == "fr":
        rules += [
            _groups,
            _swap(_HIGH, THIN),
            _swap(_COLON, NO_BREAK),
            _swap(_AFTER_OPEN, THIN),
            _swap(_BEFORE_CLOSE, THIN),
        ]
    return [*rules, _swap(_UNIT, NO_BREAK), _abbreviations]


def _swap(pattern: re.Pattern[str], new: str) -> Rule:
    return lambda text: ((*match.span(), new) for match in pattern.finditer(text))


def _ranges(text: str) -> Iterator[Edit]:
    for match in _RANGE.finditer(text):
        low, high = match["low"], match["high"]
        dialled = any(n.isdecimal() and n.startswith("0") and len(n) > 1 for n in (low, high))
        month = len(low) == 4 and len(high) == 2 and high <= "12"  # 2026-11 is a date
        if not dialled and not month:
            yield *match.span("dash"), "–"


def _groups(text: str) -> Iterator[Edit]:
    for match in _GROUPS.finditer(text):
        for place in range(*match.span()):
            if text[place].isspace():
                yield place, place + 1, THIN


def _abbreviations(text: str) -> Iterator[Edit]:
    for match in _ABBREVIATED.finditer(text):
        yield *match.span(match.lastgroup or 0), NO_BREAK


def _quotes(text: str, marks: _Marks, *, double_only: bool = False) -> Iterator[Edit]:
    """Set straight quotes: opening after a space or bracket, closing elsewhere."""
    depth = 0
    single_open = False
    for place, mark in enumerate(text):
        before = text[place - 1] if place else " "
        after = text[place + 1] if place + 1 < len(text) else " "
        opens = (before.isspace() or before in _OPENS_AFTER or before in "\"'") and not (
            after.isspace()
        )
        if mark == '"':
            if opens:
                pair, depth = (marks.inner if depth else marks.outer), depth + 1
                yield place, place + 1, pair[0]
            elif depth:
                depth -= 1
                yield place, place + 1, (marks.inner if depth else marks.outer)[1]
            else:
                # a closing mark without its opening one: inches and seconds, or a slip
                yield place, place + 1, "″" if before.isdigit() else marks.outer[1]
        elif mark == "'" and not double_only:
            elided = marks.single_is_apostrophe or _ELIDED.match(text, place)
            if opens and not elided and "'" in text[place + 1 :]:
                single_open = True
                yield place, place + 1, marks.inner[0]
            elif before.isdigit() and after.isdigit() and not single_open:
                yield place, place + 1, "′"
            elif single_open and not after.isalnum():
                single_open = False
                yield place, place + 1, marks.inner[1]
            else:
                yield place, place + 1, "’"


def _apply(parts: Sequence[str], edits: Sequence[Edit]) -> list[str]:
    """Apply edits, given as places in the joined text, to the parts they fall into."""
    pieces = []
    offset = 0
    for number, part in enumerate(parts):
        end = offset + len(part)
        last = number == len(parts) - 1
        piece, place = [], offset
        for start, stop, new in edits:
            # an edit belongs to the part it starts in; later parts only lose what it replaced
            mine = offset <= start < end or (last and start == end)
            if mine:
                piece += [part[place - offset : start - offset], new]
            if (start < end and stop > offset) or mine:
                place = max(place, min(stop, end))
        piece.append(part[place - offset :])
        pieces.append("".join(piece))
        offset = end
    return pieces
