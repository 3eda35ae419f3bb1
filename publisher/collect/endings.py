"""The last lines of a feed's article: its sources, and what only says "read more"."""

import re

from bs4 import BeautifulSoup, Tag

from publisher.collect.text import same_address, words_of

_SOURCES = re.compile(
    r"\(?\s*(?:sources?|source\(s\)|fuentes?|quellen?|fonti|fontes?|المصادر|مصادر|المصدر|مصدر)"
    r"\s*[::]\s*(?P<list>.+?)\s*\.?",
    re.IGNORECASE | re.DOTALL,
)
_SOURCES_HEADING = re.compile(
    r"(?:sources?|fuentes|quellen|fonti|المصادر|مصادر)\s*:?", re.IGNORECASE
)
_MORE = re.compile(
    r"\(?(?:read|continue|keep) (?:more|reading|on)\b.*|read the (?:full|rest).*|more\b.{0,3}"
    r"|(?:lire|voir) (?:la suite|plus|l.article).*|leer más.*|seguir leyendo.*|weiterlesen.*"
    r"|(?:اقرأ|إقرأ|أكمل|تابع)\s.*|المزيد.*",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"\s*(?:\[(?:\.{3}|…)\]|(?:\.{3}|…)\s*(?:»|→)?)\s*$")
_BRACKETED = re.compile(r"\s*\[(?:\.{3}|…)\]\s*$")
_LAST = 4  #: how many blocks from the end are looked at


def take_read_more(soup: BeautifulSoup, url: str) -> bool:
    """Drop "Read more" and "first appeared on"; tell whether the text was cut off."""
    cut_off = False
    for block in _last_blocks(soup):
        text = words_of(block)
        links = [str(link.get("href") or "") for link in block.find_all("a")]
        here = bool(links and url) and same_address(links[0]) == same_address(url)
        only_link = bool(links) and text == words_of(block.find_all("a")[0])
        if block.name == "p" and len(text) < 300:
            # WordPress: "The post TITLE appeared first on SITE.", in the site's language
            if here and len(links) == 2:
                block.decompose()
                continue
            if len(links) <= 1 and len(text) < 120 and _MORE.fullmatch(text):
                cut_off = cut_off or here or only_link
                block.decompose()
                continue
        if block.name == "p":
            for link in block.find_all("a"):
                if link.find_next_sibling(True) is None and _MORE.fullmatch(words_of(link)):
                    link.decompose()
                    cut_off = True
            last = words_of(block)
            if _BRACKETED.search(last) or (cut_off and _ELLIPSIS.search(last)):
                cut_off = True
        break
    return cut_off


def take_sources(soup: BeautifulSoup) -> tuple[str, ...]:
    """Take the line "Sources: Reuters, AFP", or a list under "Sources", out of the end."""
    blocks = _last_blocks(soup)
    for position, block in enumerate(blocks[:_LAST]):
        text = words_of(block)
        match = _SOURCES.fullmatch(text) if _is_line(block) and len(text) < 600 else None
        if match:
            block.decompose()
            return _split(match["list"])
        follower = blocks[position - 1] if position else None
        if follower is not None and len(text) < 30 and _SOURCES_HEADING.fullmatch(text):
            items = [words_of(item) for item in follower.find_all("li")]
            found = tuple(item for item in items if item) or _split(words_of(follower))
            block.decompose()
            follower.decompose()
            return found
    return ()


def _is_line(block: Tag) -> bool:
    return block.name == "p" and not block.get("data-caption")


def _last_blocks(soup: BeautifulSoup) -> list[Tag]:
    """Return the top blocks that hold words, the last first."""
    blocks = [tag for tag in soup.find_all(recursive=False) if tag.get_text(strip=True)]
    return blocks[::-1]


def _split(written: str) -> tuple[str, ...]:
    if written.endswith(")") and written.count("(") < written.count(")"):
        written = written[:-1]  # "(Sources: Reuters, AFP)"
    # a comma inside brackets belongs to its source: "AFP (Tunis, 3 May)"
    parts = re.split(r"\s*[,;،؛|]\s*(?![^()]*\))|\s+[•·]\s+", written)
    return tuple(part.strip(" .") for part in parts if part.strip(" ."))
