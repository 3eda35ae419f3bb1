"""An article's sanitised HTML -> XHTML that is valid wherever it is put.

Sanitising keeps an author's HTML harmless, not correct: a list item outside a list, a
link to a note that is not there or `<time datetime="soon">` pass it. Browsers shrug;
e-book readers may refuse the whole book, so here they are mended.
"""

import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from bs4 import BeautifulSoup, Tag

#: drawn by us as XML, and the parser would not keep its attributes' capitals
_DRAWN = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_HOLE = re.compile(r"<svg-hole n=\"(\d+)\"></svg-hole>")
_LINES = """a abbr b bdi bdo cite code dt del em h1 h2 h3 h4 h5 h6 i ins kbd mark p pre q s
    small span strong sub sup time u"""
_PHRASING = frozenset(_LINES.split())
_WHOLE = """aside blockquote dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre
    section table ul"""
_BLOCKS = frozenset(_WHOLE.split())
#: what may hold an element, else its contents stand alone
_HOLDERS = {
    "li": frozenset({"ul", "ol"}),
    "dt": frozenset({"dl"}),
    "dd": frozenset({"dl"}),
    "figcaption": frozenset({"figure"}),
}
_NUMBER = re.compile(r"[1-9]\d{0,2}")
_ATTRIBUTES = {
    "lang": re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"),
    "dir": re.compile(r"ltr|rtl|auto"),
    "scope": re.compile(r"row|col|rowgroup|colgroup"),
    "colspan": _NUMBER,
    "rowspan": _NUMBER,
    "start": re.compile(r"-?\d{1,6}"),
    "reversed": re.compile(r""),
    "datetime": re.compile(
        r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?)?)?"
    ),
    "id": re.compile(r"[^\s]+"),
}
#: what XML 1.0 cannot hold (section 2.2)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: data: address -> the address of a file with its contents
Keep = Callable[[str], str]


def without_controls(text: str) -> str:
    """Drop the characters that no XML document may hold."""
    return _NOT_XML.sub("", text)


def to_xhtml(html: str, keep: Keep) -> str:
    """Return a fragment as XHTML; pictures that stand in it as data: go through `keep`.

    Footnotes as `Medium.WEB` prints them become notes that e-book readers show as
    pop-ups (EPUB Structural Semantics: noteref, footnote).
    """
    drawn: list[str] = []

    def take(match: re.Match[str]) -> str:
        # EPUB's SVG is 1.1, which knows paint-order only as a style
        drawn.append(match.group().replace(' paint-order="stroke"', ' style="paint-order: stroke"'))
        return f'<svg-hole n="{len(drawn) - 1}"></svg-hole>'

    soup = BeautifulSoup(_DRAWN.sub(take, html), "html.parser")
    for element in soup.find_all("img"):
        if str(element.get("src", "")).startswith("data:"):
            element["src"] = keep(str(element["src"]))
        for name in ("loading", "decoding"):
            del element[name]
    _place(soup)
    _mend_attributes(soup)
    _set_notes(soup)
    _mend_links(soup)
    made = without_controls(soup.decode(formatter="minimal"))
    return _HOLE.sub(lambda match: drawn[int(match[1])], made)


def _place(soup: BeautifulSoup) -> None:
    """Unwrap what stands where it may not."""
    for element in soup.find_all(True):
        parent = element.parent
        if parent is None:  # it was within something unwrapped and merged
            continue
        if element.name in _HOLDERS and parent.name not in _HOLDERS[element.name]:
            element.name = "div"
            element.attrs = {k: v for k, v in element.attrs.items() if k in ("id", "lang", "dir")}
        if parent.name in ("ul", "ol") and element.name != "li":
            element.wrap(soup.new_tag("li"))
        elif parent.name == "dl" and element.name not in ("dt", "dd"):
            element.wrap(soup.new_tag("dd"))
        if element.name in _BLOCKS and element.find_parent(_PHRASING) is not None:
            element.name = "br" if element.name == "hr" else "span"
            element.attrs = {k: v for k, v in element.attrs.items() if k in ("id", "lang", "dir")}
        if element.name == "time" and not element.get("datetime"):
            element.name = "span"
    for listing in soup.find_all(["ul", "ol", "dl"]):
        for text in listing.find_all(string=True, recursive=False):
            if text.strip():
                text.wrap(soup.new_tag("dd" if listing.name == "dl" else "li"))
        if not listing.find(["li", "dt", "dd"], recursive=False):
            listing.name = "div"
    for listing in soup.find_all("dl"):
        first = listing.find(["dt", "dd"], recursive=False)
        last = listing.find_all(["dt", "dd"], recursive=False)[-1]
        if isinstance(first, Tag) and first.name == "dd":
            first.insert_before(soup.new_tag("dt"))
        if last.name == "dt":
            last.insert_after(soup.new_tag("dd"))


def _mend_attributes(soup: BeautifulSoup) -> None:
    seen: set[str] = set()
    for element in soup.find_all(True):
        for name, value in list(element.attrs.items()):
            pattern = _ATTRIBUTES.get(name)
            if pattern is not None and not pattern.fullmatch(str(value)):
                del element[name]
        if element.name in ("del", "ins"):
            del element["datetime"]
        if element.name == "time" and not element.get("datetime"):
            element.name = "span"
        if element.get("lang"):
            element["xml:lang"] = element["lang"]
        name = str(element.get("id", ""))
        if name in seen:
            del element["id"]
        seen.add(name)


def _set_notes(soup: BeautifulSoup) -> None:
    for link in soup.select("sup.footnote-ref > a"):
        link["epub:type"] = "noteref"
        link["role"] = "doc-noteref"
    for section in soup.select("section.footnotes"):
        section.name = "div"
        for number, item in enumerate(section.select("ol > li"), 1):
            note = soup.new_tag("aside")
            note.attrs = {**item.attrs, "epub:type": "footnote", "role": "doc-footnote"}
            note.extend(list(item.contents))
            mark = soup.new_tag("span")
            mark["class"] = "number"
            mark.string = f"{number}\u2002"
            first = note.find("p")
            (first if isinstance(first, Tag) else note).insert(0, mark)
            section.append(note)
        for listing in section.find_all("ol", recursive=False):
            listing.decompose()
    for link in soup.select("a.footnote-back"):
        link["role"] = "doc-backlink"


def _mend_links(soup: BeautifulSoup) -> None:
    """Unwrap links that lead nowhere, and those a reader program could not read."""
    names = {str(element["id"]) for element in soup.find_all(id=True)}
    for link in soup.find_all("a", href=True):
        target = str(link["href"])
        if target.startswith("#"):
            if target[1:] not in names:
                del link["href"]
            continue
        address = readable(target)
        if address:
            link["href"] = address
        else:
            del link["href"]


def readable(address: str) -> str:
    """Return an address with what RFC 3986 does not allow escaped; "" if it is none."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode() if parts.netloc else ""
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme in ("http", "https"):
        if not re.fullmatch(r"[A-Za-z0-9.-]+", host):
            return ""
        parts = parts._replace(netloc=host + port)
    safe = "/:@!$&'()*+,;=~-._%"
    return parts._replace(
        path=_escaped(parts.path, safe),
        query=_escaped(parts.query, safe + "?"),
        fragment=_escaped(parts.fragment, safe + "?"),
    ).geturl()


def _escaped(text: str, safe: str) -> str:
    """Escape; a per cent sign that begins no escape is escaped itself."""
    return quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text), safe=safe)
