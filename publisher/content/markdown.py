"""An article's Markdown -> the body an edition prints.

Markdown makes a tree; the tree is put into the editions' vocabulary and typeset; its
HTML is sanitised, since an author's HTML is foreign; last, what we drew ourselves
(figures, charts, maps, codes) takes its place.
"""

import re
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import nh3
from markdown import Markdown
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from publisher.content.article import Article, Picture
from publisher.content.blocks import KINDS, MagazineBlocks
from publisher.content.body import Body, Look, Medium, PictureUrl
from publisher.content.fences import tidy
from publisher.content.figures import picture_problems, set_figures, wanting_severity
from publisher.content.footnotes import Footnotes, set_footnotes
from publisher.content.making import Making
from publisher.content.ordinals import raise_ordinals
from publisher.content.typography import typeset_parts

__all__ = [
    "Body",
    "Look",
    "Medium",
    "PictureUrl",
    "picture_problems",
    "render_body",
    "wanting_severity",
]

_ALLOWED = (
    "a abbr aside b bdi bdo blockquote br cite code dd del div dl dt em figcaption figure h2 h3 h4"
    " hr i ins kbd li mark ol p pre q s section small span strong sub sup table tbody td tfoot th"
    " thead time tr u ul"
)
_TAGS = frozenset(_ALLOWED.split())
_ATTRIBUTES = {
    "*": {"id", "lang", "dir", "title"},
    "a": {"href"},
    "ol": {"start", "reversed"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_CLASSES = {
    "a": {"footnote-back"},
    "aside": {"pull-quote", "fact-box"},
    "figure": {"table", "qr"},
    "h2": {"crosshead"},
    "p": {"question", "who"},
    "section": {"answers", "footnotes"},
    "span": {"footnote"},
    "sup": {"footnote-ref"},
    "td": {"right", "center"},
    "th": {"right", "center"},
}
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
#: what Markdown keeps out of the tree until the end, such as an author's HTML
_STASHED = re.compile("\x02[^\x03]*\x03")
_HTML_TAG = re.compile(r"<\s*([a-zA-Z][a-zA-Z0-9-]*)")
#: elements whose text is a line of its own to the typesetter
_LINE_TAGS = "p h2 h3 h4 li dt dd td th figcaption blockquote div aside section pre"
_LINES = frozenset(_LINE_TAGS.split())
#: stands for what is not set, so that a quote beside it knows it is not at the line's end
_OBJECT = "\ufffc"
_VERBATIM = frozenset({"code", "pre", "kbd"})


def render_body(article: Article, *, medium: Medium, picture_url: PictureUrl, look: Look) -> Body:
    """Turn an article's Markdown into the editions' HTML, with what was found wrong in it.

    `picture_url(picture, wide)` gives the address to print for each inner picture; if it
    raises a `PublisherError`, the picture is left out and reported. The article's
    language decides on quotes, numbers and country names. Nothing an author writes
    raises; nothing an author writes reaches the HTML as script, style or foreign picture.
    """
    making = Making(
        slug=re.sub(r"\s+", "-", article.slug),
        language=article.language or "en",
        medium=medium,
        look=look,
        wanting=wanting_severity(article),
        data=article.data,
        home=article.home,
    )
    finish = _Finish(making, article.url, picture_url)
    markdown = Markdown(
        extensions=[
            "tables",
            "def_list",
            "attr_list",
            "sane_lists",
            "abbr",
            Footnotes(),
            MagazineBlocks(making),
        ],
        extension_configs={"tables": {"use_align_attribute": True}},
    )
    # before HTML is taken out (20), after white space is made even (30)
    markdown.preprocessors.register(_Fences(markdown, making), "fences", 25)
    # after backslash escapes are resolved (0)
    markdown.treeprocessors.register(finish, "finish", -10)
    html = markdown.convert(_plain(article.body))
    _report_html(markdown, making)
    clean = _cleaner(making).clean(html)
    return Body(
        html=_with_drawn(clean, making),
        words=article.words,
        pictures=finish.pictures,
        problems=tuple(making.problems),
    )


def _plain(text: str) -> str:
    """Drop what XML cannot hold; Markdown uses some of it for marks of its own."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)


class _Fences(Preprocessor):
    def __init__(self, md: Markdown, making: Making) -> None:
        super().__init__(md)
        self.making = making

    def run(self, lines: list[str]) -> list[str]:
        result = tidy(lines, KINDS)
        self.making.options = result.options
        for complaint in result.complaints:
            self.making.complain(complaint)
        return result.lines


class _Finish(Treeprocessor):
    """Puts Markdown's tree into the editions' vocabulary."""

    def __init__(self, making: Making, url: str, picture_url: PictureUrl) -> None:
        super().__init__()
        self.making, self.url, self.picture_url = making, url, picture_url
        self.pictures: tuple[Picture, ...] = ()

    def run(self, root: ElementTree.Element) -> None:
        self.set_ids(root)
        set_footnotes(root, self.making)
        self.pictures = set_figures(root, self.making, self.picture_url)
        self.set_headings(root)
        self.set_questions(root)
        self.set_tables(root)
        self.set_links(root)
        self.set_type(root)
        if self.making.language.split("-")[0] == "fr":
            raise_ordinals(root)

    def set_ids(self, root: ElementTree.Element) -> None:
        """Many articles share a page: an author's anchors get the article's name."""
        for element in root.iter():
            name = element.get("id")
            if name and not name.startswith((self.making.mark, "fnref:")):
                element.set("id", f"{self.making.slug}-{name}")
            href = element.get("href", "")
            if href.startswith("#") and not href.startswith("#fn:"):
                element.set("href", f"#{self.making.slug}-{href[1:]}")

    def set_headings(self, root: ElementTree.Element) -> None:
        for element in list(root.iter()):
            if element.tag in ("h1", "h2"):
                element.tag = "h2"
                element.set("class", "crosshead")
            elif element.tag in ("h5", "h6"):
                element.tag = "h4"
        for box in root.iter("aside"):
            for element in list(box)[1:]:
                if element.tag in ("h2", "h3"):  # the box's own title is an h3
                    element.tag = "h4"
                    element.attrib.pop("class", None)

    def set_questions(self, root: ElementTree.Element) -> None:
        for paragraph in root:
            if (
                paragraph.tag == "p"
                and len(paragraph) == 1
                and paragraph[0].tag == "strong"
                and not (paragraph.text or "").strip()
                and not (paragraph[0].tail or "").strip()
            ):
                strong = paragraph[0]
                paragraph.remove(strong)
                paragraph.text = strong.text
                paragraph.extend(strong)
                paragraph.set("class", "question")

    def set_tables(self, root: ElementTree.Element) -> None:
        for parent in list(root.iter()):
            for place, table in enumerate(list(parent)):
                if table.tag != "table" or parent.tag == "figure":
                    continue
                figure = ElementTree.Element("figure", {"class": "table"})
                figure.tail, table.tail = table.tail, None
                figure.append(table)
                parent[place] = figure
        for cell in root.iter():
            if cell.tag in ("th", "td"):
                align = cell.attrib.pop("align", "")
                if align:
                    cell.set("class", align)
            if cell.tag == "th":
                cell.set("scope", "col")

    def set_links(self, root: ElementTree.Element) -> None:
        """Links to the article's own site get its address; what leads nowhere is told."""
        for link in root.iter("a"):
            href = link.get("href", "")
            try:
                whole = href if href.startswith("#") else urljoin(self.url, href)
                scheme = urlsplit(whole).scheme.lower()
            except ValueError:
                whole, scheme = "", ""
            # an automatic mail link comes as character references, to confuse harvesters
            if href.startswith(("#", "\x02")) or scheme in _SCHEMES:
                link.set("href", whole if not href.startswith("\x02") else href)
                continue
            words = " ".join("".join(link.itertext()).split())
            self.making.complain(
                f'the link on "{words[:60]}" leads nowhere: write a whole address, https://...'
            )
            link.attrib.pop("href", None)

    def set_type(self, root: ElementTree.Element) -> None:
        for line in [root, *root.iter()]:
            if line is root or line.tag in _LINES:
                self.set_line(line)

    def set_line(self, line: ElementTree.Element) -> None:
        """Typeset the pieces of a line together: a quote may open before an <em> and close in it."""
        pieces: list[tuple[ElementTree.Element, str, list[str]]] = []

        def gather(element: ElementTree.Element) -> None:
            if element.tag in _VERBATIM:
                pieces.append((ElementTree.Element("stand-in"), "text", [_OBJECT]))
                return
            if element.text:
                pieces.append((element, "text", _split(element.text)))
            for child in element:
                if child.tag not in _LINES:
                    gather(child)
                if child.tail:
                    pieces.append((child, "tail", _split(child.tail)))

        gather(line)
        # even places are prose, odd ones stashed
        prose = [part for _, _, parts in pieces for part in parts[::2]]
        typeset = iter(typeset_parts(prose, self.making.language))
        for element, name, parts in pieces:
            parts[::2] = [next(typeset) for _ in parts[::2]]
            setattr(element, name, "".join(parts))


def _split(text: str) -> list[str]:
    parts, place = [], 0
    for match in _STASHED.finditer(text):
        parts += [text[place : match.start()], match.group()]
        place = match.end()
    return [*parts, text[place:]]


def _report_html(markdown: Markdown, making: Making) -> None:
    raw = " ".join(part for part in markdown.htmlStash.rawHtmlBlocks if isinstance(part, str))
    for tag in sorted({tag.lower() for tag in _HTML_TAG.findall(raw)} - _TAGS):
        making.complain(f"the HTML <{tag}> is left out: write it in Markdown")


def _cleaner(making: Making) -> nh3.Cleaner:
    def keep(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "id" and not value.startswith((making.mark, f"{making.slug}-")):
            return f"{making.slug}-{value}"
        return value

    return nh3.Cleaner(
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        allowed_classes={tag: set(names) for tag, names in _CLASSES.items()},
        attribute_filter=keep,
        url_schemes=set(_SCHEMES),
        url_relative=lambda url: url if url.startswith("#") else None,
        link_rel=None,
    )


def _with_drawn(html: str, making: Making) -> str:
    pattern = re.compile(rf'<(figure|span)(?: class="[^"]*")? id="{making.mark}(\d+)">\s*</\1>')
    return pattern.sub(lambda match: making.drawn[int(match[2])], html).strip()
