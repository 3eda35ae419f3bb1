"""Foreign blocks -> the few shapes the magazine prints: quotes, fact boxes, notes, links.

What a shape became is noted in attributes that the cleaner lets nobody else write:
`data-shape` ("quote", "fact"), `data-who`, `data-title`, `data-note`, `data-n`.
"""

import re
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement

from publisher.collect.figures import Figure, take_figures
from publisher.collect.text import living, one_line, same_title, web_address, words_of

_INLINE = frozenset(["a", "b", "strong", "i", "em", "cite", "q", "sup", "sub", "br", "span"])
_SEPARATE = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "hr"])
_HOLDERS = frozenset(["blockquote", "li", "dd", "dt", "aside"])
_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_JUNK = re.compile(
    r"sharedaddy|sd-sharing.*|jp-relatedposts|addtoany.*|a2a_.*|social-(share|links|icons).*"
    r"|share-(buttons?|links|bar).*|related-?(posts?|articles?|stories)|post-?navigation"
    r"|newsletter(-\w+)?|mc4wp.*|wpcnt|adsbygoogle|advert(isement)?s?|ad-(slot|unit|wrapper)"
    r"|screen-reader-text|sr-only|visually-hidden|wp-block-buttons?|saboxplugin.*|author-?box"
    r"|yarpp.*|crp_related|wp-block-latest-posts.*|comments?-area|cookie-(notice|banner)",
    re.IGNORECASE,
)
_PULL_QUOTE = re.compile(r"(wp-block-)?pull-?_?quote.*|quote--?pull", re.IGNORECASE)
_FACT_BOX = re.compile(r"(fact|info)-?_?(box|file)|encadr[eé]|in-?brief-?box", re.IGNORECASE)
_SHORTCODE_CAPTION = re.compile(
    r"\[caption\b[^\[\]<>]{0,500}\]((?:(?!\[caption\b).){0,4000}?)\[/caption\]",
    re.IGNORECASE | re.DOTALL,
)
_SHORTCODE_EMBED = re.compile(
    r"\[embed\b[^\[\]<>]{0,300}\]\s*(https?://[^\s\[\]<>]+)\s*\[/embed\]", re.IGNORECASE
)
#: with attributes, or of a family of page builders; "[sic]" is a word of the text
_SHORTCODE = re.compile(
    r"\[/?(?:[a-z][a-z0-9_-]*(?:\s+[a-z_-]+=(?:\"[^\"\]]*\"|'[^'\]]*'|&quot;[^\]]*?&quot;|[^\s\]]+))+"
    r"|(?:vc_|et_pb_|av_|fusion_|wpdiscuz|mailchimp|contact-form)[\w-]*[^\]<>]{0,300}|gallery"
    r"|/[a-z]+_[a-z_]+)\s*/?\]",
    re.IGNORECASE,
)
_PLAYERS = re.compile(r"(^|\.)(doubleclick\.net|googlesyndication\.com|facebook\.com/plugins)")


def expand_shortcodes(html: str) -> str:
    """Turn WordPress shortcodes that arrive as text into HTML, or drop them."""
    if "[" not in html:
        return html
    html = _SHORTCODE_CAPTION.sub(_captioned, html)
    html = _SHORTCODE_EMBED.sub(r'<p><a href="\1">\1</a></p>', html)
    return _SHORTCODE.sub("", html)


def _captioned(match: re.Match[str]) -> str:
    image = re.search(r"<img\b[^<>]*>", match[1], re.IGNORECASE)
    if not image:
        return match[1]
    words = re.sub(r"<[^<>]*>", " ", match[1].replace(image[0], ""))
    return f"<figure>{image[0]}<figcaption>{words}</figcaption></figure>"


def reshape(soup: BeautifulSoup, *, base: str) -> tuple[list[Figure], list[Tag]]:
    """Rebuild the tree from our shapes; return its figures and the texts of its footnotes."""
    _drop_junk(soup)
    for tag in living(soup, ["del", "s", "strike"]):
        tag.decompose()
    for tag in living(soup, ["code", "kbd", "samp"]):
        tag.unwrap()
    for tag in living(soup, "pre"):
        _keep_lines(tag, soup)
    _links_for_players(soup, base)
    figures = take_figures(soup, base)
    _pull_quotes(soup)
    _fact_boxes(soup)
    _captions_as_text(soup)
    _unfold_layout_tables(soup)
    notes = _footnotes(soup)
    _move_figures_out(soup)
    for root in (soup, *notes):
        _paragraphs(root, soup)
    return figures, notes


def _drop_junk(soup: BeautifulSoup) -> None:
    whole = len(soup.get_text())
    for tag in living(soup, True):
        if not any(_JUNK.fullmatch(name) for name in names(tag)):
            continue
        # a theme may give its whole article such a class: never lose the text itself
        if len(tag.get_text()) < 0.4 * whole or not whole:
            tag.decompose()


def names(tag: Tag) -> list[str]:
    """Return the classes and the id of an element."""
    value = tag.get("class")
    classes = value if isinstance(value, list) else [value]
    return [str(name) for name in (*classes, tag.get("id") or "") if name]


def _keep_lines(tag: Tag, soup: BeautifulSoup) -> None:
    for text in list(tag.find_all(string=True)):
        lines = str(text).strip("\n").split("\n")
        parts: list[PageElement] = []
        for line in lines:
            parts += [soup.new_tag("br"), NavigableString(line)]
        text.replace_with(*parts[1:])
    tag.name = "p"


def _links_for_players(soup: BeautifulSoup, base: str) -> None:
    """Put a link where something played: paper and mail play nothing."""
    for tag in living(soup, ["iframe", "video", "audio"]):
        source = tag.find("source")
        written = tag.get("data-src") or tag.get("src") or (source.get("src") if source else "")
        address = player_page(web_address(str(written or ""), base))
        if not address or _PLAYERS.search(address.partition("//")[2]):
            tag.decompose()
            continue
        paragraph, link = soup.new_tag("p"), soup.new_tag("a", attrs={"href": address})
        link.string = one_line(str(tag.get("title") or "")) or shown(address)
        paragraph.append(link)
        tag.replace_with(paragraph)
    for holder in living(soup, class_="wp-block-embed__wrapper"):
        text = holder.get_text().strip()
        if not holder.find(True) and web_address(text):
            link = soup.new_tag("a", attrs={"href": web_address(text)})
            link.string = shown(text)
            holder.string = ""
            holder.append(link)


def player_page(address: str) -> str:
    """Return the page a reader can visit for the address of an embedded player."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    tail = parts.path.rstrip("/").rpartition("/")[2]
    if host in ("youtube.com", "youtube-nocookie.com") and parts.path.startswith("/embed/"):
        listed = parse_qs(parts.query).get("list", [""])[0]
        if tail == "videoseries" and re.fullmatch(r"[\w-]+", listed):
            return f"https://www.youtube.com/playlist?list={listed}"
        return f"https://www.youtube.com/watch?v={tail}"
    if host == "player.vimeo.com":
        return f"https://vimeo.com/{tail}"
    if host == "dailymotion.com" and parts.path.startswith("/embed/"):
        return f"https://www.dailymotion.com/video/{tail}"
    return address


def shown(address: str) -> str:
    """Return an address as print shows it: without scheme, www. and a final slash."""
    parts = urlsplit(address)
    query = f"?{parts.query}" if parts.query and len(parts.query) < 30 else ""
    return (parts.netloc.removeprefix("www.") + parts.path + query).rstrip("/")


def _pull_quotes(soup: BeautifulSoup) -> None:
    for tag in living(soup, ["blockquote", "aside", "div", "figure", "p", "span"]):
        if not any(_PULL_QUOTE.fullmatch(name) for name in names(tag)):
            continue
        cite = tag.find(["cite", "figcaption", "footer"])
        who = words_of(cite).lstrip("—–- ") if cite else ""
        if cite:
            cite.decompose()
        text = words_of(tag)
        quote = soup.new_tag("aside", attrs={"data-shape": "quote", "data-who": who})
        quote.string = text
        if text:
            tag.replace_with(quote)
        else:
            tag.decompose()


def _fact_boxes(soup: BeautifulSoup) -> None:
    for tag in living(soup, ["aside", "div", "section", "details", "blockquote"]):
        box = tag.name == "details" or any(_FACT_BOX.fullmatch(name) for name in names(tag))
        nested = any(parent.get("data-shape") for parent in tag.parents if parent.name)
        if not box or nested:
            continue
        heading = tag.find(["summary", *_HEADINGS]) or _bold_opening(tag)
        title = words_of(heading) if heading else ""
        if heading:
            heading.decompose()
        tag.name = "aside"
        tag["data-shape"] = "fact"
        tag["data-title"] = title


def _bold_opening(tag: Tag) -> Tag | None:
    first = tag.find("p")
    bold = first.find(["b", "strong"]) if first else None
    if first and bold and words_of(bold) == words_of(first):
        return first
    return None


def _captions_as_text(soup: BeautifulSoup) -> None:
    """Set the captions of tables and embeds, which our figures do not hold, in italics."""
    for caption in living(soup, ["figcaption", "caption"]):
        text = words_of(caption)
        table = caption.find_parent("table") if caption.name == "caption" else None
        if text:
            paragraph, words = soup.new_tag("p", attrs={"data-caption": "1"}), soup.new_tag("i")
            words.string = text
            paragraph.append(words)
            (table or caption).insert_before(paragraph)
        caption.decompose()


def _unfold_layout_tables(soup: BeautifulSoup) -> None:
    """Keep tables of figures; those that only place things give up their content."""
    for table in reversed(soup.find_all("table")):
        widths = [len(row.find_all(["td", "th"])) for row in living(table, "tr")]
        blocks = table.find(["figure", "table", "blockquote", "ul", "ol", "aside", *_HEADINGS])
        if len(widths) < 2 or max(widths) < 2 or blocks:
            for part in living(table, ["thead", "tbody", "tfoot", "tr", "td", "th"]):
                part.name = "div"
            table.name = "div"


def _footnotes(soup: BeautifulSoup) -> list[Tag]:
    """Number the references to notes of the text; take the notes out and return them."""
    targets = {str(tag["id"]): tag for tag in living(soup, ["li", "p"], id=True)}
    notes: list[Tag] = []
    for link in living(soup, "a", href=re.compile("^#.")):
        target = targets.get(str(link["href"])[1:])
        back = target is None or target in link.parents
        if target is None or back or not _is_note(target, link):
            continue
        if target not in notes:
            notes.append(target)
        number = next(n for n, note in enumerate(notes, start=1) if note is target)
        mark = link.parent if link.parent and link.parent.name == "sup" else link
        mark.replace_with(soup.new_tag("sup", attrs={"data-note": str(number)}))
    for note in notes:
        for back_link in living(note, "a", href=re.compile("^#")):
            back_link.decompose()
        holder = note.parent
        note.extract()
        note.name = "div"
        if holder is not None and holder is not soup and not holder.get_text(strip=True):
            holder.decompose()
    return notes


def _is_note(target: Tag, link: Tag) -> bool:
    in_sup = link.parent is not None and link.parent.name == "sup"
    label = link.get_text(strip=True).strip("[]()")
    return (
        (in_sup or label.isdigit() or label in ("*", "†", "‡"))
        and len(label) <= 4
        and bool(target.get_text(strip=True))
    )


def _move_figures_out(soup: BeautifulSoup) -> None:
    """Set figures after the paragraph, list or table that held them."""
    for figure in living(soup, "figure", attrs={"data-n": True}):
        outer = [
            parent
            for parent in figure.parents
            if parent.name in (_SEPARATE | _INLINE | {"li", "dd", "dt", "blockquote"})
        ]
        if outer:
            place: Tag = outer[-1]
            while isinstance(place.next_sibling, Tag) and place.next_sibling.get("data-n"):
                place = place.next_sibling
            place.insert_after(figure.extract())


def _paragraphs(parent: Tag, soup: BeautifulSoup) -> None:
    """Give every loose run of text its own paragraph and take the shells away."""
    wrapper = "p" if parent.name not in ("li", "dd", "dt") else "span"
    if parent.name in ("p", *_HEADINGS):
        return
    out: list[Tag] = []
    run: list[PageElement] = []

    def close() -> None:
        if any(not isinstance(part, NavigableString) or part.strip() for part in run):
            holder = soup.new_tag(wrapper, attrs={"data-run": "1"} if wrapper == "span" else {})
            holder.extend(run)
            out.append(holder)
        run.clear()

    def walk(children: Iterable[PageElement]) -> None:
        for child in list(children):
            if not isinstance(child, Tag):
                run.append(child)
            elif child.name in _HOLDERS or (child.name == "figure" and child.get("data-n")):
                close()
                _paragraphs(child, soup) if child.name in _HOLDERS else None
                out.append(child)
            elif child.name in _INLINE and not child.find(_is_block):
                run.append(child)
            elif child.name in _SEPARATE and not (child.name == "p" and child.find(_is_block)):
                close()
                for holder in child.find_all(["li", "dd", "dt"], recursive=False):
                    _paragraphs(holder, soup)
                out.append(child)
            else:  # a shell: an article, a div, a link round a heading
                close()
                walk(child.children)
                close()

    walk(parent.children)
    close()
    for child in list(parent.children):
        child.extract()
    parent.extend(out)


def _is_block(tag: Tag) -> bool:
    return tag.name not in _INLINE


def level_headings(soup: BeautifulSoup, title: str) -> None:
    """Let the article's highest headings be crossheads (h2), lower ones h3.

    Empty ones, and one that only repeats the title, go.
    """
    for heading in living(soup, _HEADINGS):
        text = words_of(heading)
        if not text or (title and same_title(text) == same_title(title)):
            heading.decompose()
    used = sorted({heading.name for heading in living(soup, _HEADINGS)})
    for heading in living(soup, _HEADINGS):
        heading.name = "h2" if heading.name == used[0] else "h3"
