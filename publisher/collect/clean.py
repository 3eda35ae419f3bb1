"""Foreign HTML -> our Markdown: what an editor wants kept, in the magazine's own blocks.

Three walls stand between a feed and a page: nh3 keeps only harmless elements, the shapes
keep only what the magazine has a form for, and the writer escapes everything else.
"""

import re
from dataclasses import dataclass

import nh3
from bs4 import BeautifulSoup

from publisher.collect import endings, shapes
from publisher.collect.figures import Figure
from publisher.collect.text import visible
from publisher.collect.writer import write
from publisher.errors import CollectError

MAX_HTML = 1_000_000  #: characters; the longest book chapter has less
_MAX_NESTING = 1000  #: deeper trees take html5ever quadratic time
_MAX_DEPTH = 60  #: elements within elements that are told apart

_INLINE_DATA = re.compile(r"data:[\w/+.-]*;base64,[A-Za-z0-9+/=\s]*")
_NOSCRIPT = re.compile(r"</?noscript\b[^<>]*>", re.IGNORECASE)
_BREAKS = re.compile(r"<br\b[^<>]*>(?:\s|&nbsp;)*(?:<br\b[^<>]*>(?:\s|&nbsp;)*)+", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_ANY_TAG = re.compile(r"<[^<>]*>")
_NEVER_NEST = frozenset(
    [
        "p",
        "br",
        "hr",
        "img",
        "wbr",
        "area",
        "base",
        "col",
        "embed",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
    ]
)
_KEPT = frozenset(
    [
        "p",
        "br",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "b",
        "strong",
        "i",
        "em",
        "cite",
        "q",
        "blockquote",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "figure",
        "figcaption",
        "img",
        "a",
        "iframe",
        "video",
        "audio",
        "source",
        "sup",
        "sub",
        "code",
        "pre",
        "kbd",
        "samp",
        "aside",
        "div",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "details",
        "summary",
        "span",
        "del",
        "s",
        "strike",
    ]
)
#: what stands inside these goes with them
_GONE = frozenset(
    [
        "script",
        "style",
        "template",
        "form",
        "button",
        "select",
        "textarea",
        "svg",
        "math",
        "title",
        "nav",
        "object",
        "applet",
        "noembed",
        "noframes",
        "canvas",
        "dialog",
    ]
)
_CLEANER = nh3.Cleaner(
    tags=_KEPT,
    clean_content_tags=_GONE,
    attributes={
        "*": {"class", "id"},
        "a": {"href"},
        "img": {
            *("src", "alt", "title", "width", "height", "srcset", "data-src", "data-lazy-src"),
            *("data-original", "data-orig-file", "data-large-file", "data-srcset", "data-credit"),
            *("data-lazy-srcset", "data-image-caption"),
        },
        "iframe": {"src", "data-src", "title"},
        "video": {"src", "poster", "title"},
        "audio": {"src", "title"},
        "source": {"src"},
        "ol": {"start"},
        "td": {"colspan"},
        "th": {"colspan"},
    },
    link_rel=None,
    url_schemes={"http", "https", "mailto"},
    url_relative="pass_through",
)


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """An article's text in our Markdown; pictures still stand under their web addresses."""

    body: str
    figures: tuple[Figure, ...] = ()  #: in the order of the text
    sources: tuple[str, ...] = ()  #: the "Sources: Reuters, AFP" line, taken out of the text
    cut_off: bool = False  #: the text ends in "[...]" or "Read more": there is more online


def clean(html: str, *, base: str = "", title: str = "", url: str = "") -> Cleaned:
    """Turn an article's HTML into our Markdown.

    `base` makes relative addresses whole, `title` is dropped where the text repeats it,
    `url` is the article's own address, to know links that only say "read more".
    Raises `CollectError` for text longer than `MAX_HTML`.
    """
    html = _INLINE_DATA.sub("", visible(html))
    if len(html) > MAX_HTML:
        raise CollectError(
            f"the text has {len(html) / 1e6:.1f} million characters:"
            " that is no article, so it was not taken"
        )
    if not _ANY_TAG.search(html):
        html = _paragraphs(html)
    if _nesting(html) > _MAX_NESTING:
        html = _paragraphs(_ANY_TAG.sub("\n\n", html))
    html = shapes.expand_shortcodes(html)
    html = _BREAKS.sub("</p><p>", _NOSCRIPT.sub("", html))
    soup = BeautifulSoup(_CLEANER.clean(html), "html.parser")
    _flatten_depth(soup)
    figures, notes = shapes.reshape(soup, base=base)
    shapes.level_headings(soup, title)
    cut_off = endings.take_read_more(soup, url)
    sources = endings.take_sources(soup)
    body = write(soup, figures, notes, base=base)
    printed = [figure for figure in figures if figure.markdown() in body]
    printed.sort(key=lambda figure: body.index(figure.markdown()))
    return Cleaned(body=body, figures=tuple(printed), sources=sources, cut_off=cut_off)


def _paragraphs(text: str) -> str:
    parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    return "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in parts)


def _nesting(html: str) -> int:
    deepest = depth = 0
    for closing, name in _TAG.findall(html):
        if name.lower() not in _NEVER_NEST:
            depth = max(0, depth - 1) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _flatten_depth(soup: BeautifulSoup) -> None:
    """Take away the shells of what is nested deeper than any article needs."""
    too_deep = []
    level = [(child, 1) for child in soup.find_all(recursive=False)]
    while level:
        tag, depth = level.pop()
        if depth > _MAX_DEPTH and tag.contents:
            too_deep.append(tag)
        level.extend((child, depth + 1) for child in tag.find_all(recursive=False))
    for tag in too_deep:
        tag.unwrap()
