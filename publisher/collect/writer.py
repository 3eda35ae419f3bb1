"""Our shapes -> Markdown, with everything escaped that Python-Markdown would act upon."""

import re
from collections.abc import Sequence

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from publisher.collect.figures import Figure, in_quotes
from publisher.collect.shapes import shown
from publisher.collect.text import web_address, words_of

# block syntax at the start of a line (Python-Markdown, its extensions, pymdown-extensions)
_AT_START = re.compile(
    r"^(?P<escape>#|>|[-+](?=\s|$)|-{2,}|!{3}|\?{3})|^(?P<number>\d{1,9})\.(?=\s|$)"
    r"|^(?P<entity>:(?=\s)|/{3}|={2,}|~{3}|\|)",
    re.MULTILINE,
)
_ENTITY = re.compile(r"&(?=#?\w+;)")
_SPECIAL = re.compile(r"([\\`*\[\]{}])|((?<!\w)_|_(?!\w))")
_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")


def write(
    soup: BeautifulSoup, figures: Sequence[Figure], notes: Sequence[Tag], *, base: str
) -> str:
    """Return the Markdown of a reshaped tree, its footnotes at the end."""
    writer = _Writer(figures, base)
    body = writer.text(soup)
    defined = []
    for number, note in enumerate(notes, start=1):
        lines = writer.text(note).split("\n")
        defined.append("\n".join([f"[^{number}]: {lines[0]}", *(_indented(lines[1:]))]))
    return "\n\n".join(part for part in (body, *defined) if part)


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


def guarded(text: str) -> str:
    """Escape what would begin a block at the start of any line."""

    def escape(match: re.Match[str]) -> str:
        if match["escape"]:
            return f"\\{match['escape']}"
        if match["number"]:
            return f"{match['number']}\\."
        return f"&#{ord(match['entity'][0])};{match['entity'][1:]}"

    return _AT_START.sub(escape, text)


class _Writer(MarkdownConverter):
    def __init__(self, figures: Sequence[Figure], base: str) -> None:
        super().__init__(
            autolinks=False,
            bullets="-",
            heading_style="atx",
            table_infer_header=True,
            wrap=True,
            wrap_width=None,
        )
        self.figures, self.base = figures, base

    def text(self, root: Tag) -> str:
        written = self.convert_soup(root)
        lines = [line.rstrip() if not line.endswith("  ") else line for line in written.split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def escape(self, text: str, parent_tags: set[str]) -> str:
        text = _SPECIAL.sub(lambda match: f"\\{match[0]}", text)
        text = _ENTITY.sub("&amp;", text).replace("<", "&lt;")
        return text.replace("|", "\\|") if {"td", "th"} & parent_tags else text

    def convert_p(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "_inline" in parent_tags:
            return f" {text.strip()} "
        text = _tidy_lines(text)
        return f"\n\n{guarded(text)}\n\n" if text else ""

    def convert_span(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if not el.get("data-run") or "_inline" in parent_tags:
            return text
        return guarded(_tidy_lines(text)) + "\n"

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return " " if "_inline" in parent_tags else "  \n"

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        words = text.strip()
        href = str(el.get("href") or "").strip()
        address = web_address(href, self.base) if not href.startswith("#") else ""
        if re.fullmatch(r"mailto:[\w.+-]+@[\w.-]+", href):
            address = href
        if not words or not address or "a" in parent_tags or "\n" in words:
            return text
        if words_of(el) in (href, address):
            words = self.escape(shown(address), parent_tags)
        before = text[: len(text) - len(text.lstrip())] and " "
        after = text[len(text.rstrip()) :] and " "
        return f"{before}[{words}]({address}){after}"

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        text = text.strip()
        if not text or "_inline" in parent_tags:
            return f" {text} "
        mark = "-"
        if el.parent is not None and el.parent.name == "ol":
            start = str(el.parent.get("start") or "1")
            first = int(start) if start.isdecimal() and len(start) < 5 else 1
            mark = f"{first + len(el.find_previous_siblings('li'))}."
        first_line, *rest = text.split("\n")
        return "\n".join([f"{mark} {first_line}", *_indented(rest)]) + "\n"

    def convert_q(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return f"“{text.strip()}”"

    def convert_cite(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "blockquote" in parent_tags:
            return f" — {text.strip(' —–-')}"
        return f"*{text.strip()}*" if text.strip() else ""

    def convert_sup(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        number = el.get("data-note")
        if number:
            return f"[^{number}]"
        raised = text.translate(_RAISED)
        return raised if not any(sign.isascii() for sign in raised) else text

    def convert_sub(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        lowered = text.translate(_LOWERED)
        return lowered if not any(sign.isascii() for sign in lowered) else text

    def convert_hr(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return "\n\n* * *\n\n" if el.find_next_sibling() and el.find_previous_sibling() else ""

    def convert_figure(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        number = str(el.get("data-n") or "")
        if not number.isdigit() or "_inline" in parent_tags:
            return text
        return f"\n\n{self.figures[int(number)].markdown()}\n\n"

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return ""

    def convert_aside(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        shape, text = el.get("data-shape"), text.strip()
        if not text or shape not in ("quote", "fact"):
            return f"\n\n{text}\n\n"
        title = in_quotes(str(el.get("data-who" if shape == "quote" else "data-title") or ""))
        head = f"/// {shape} | {title}" if title else f"/// {shape}"
        return f"\n\n{head}\n{text}\n///\n\n"


def _tidy_lines(text: str) -> str:
    lines = [re.sub(r" {2,}", " ", line.strip()) for line in text.strip().split("\n")]
    return "  \n".join(line for line in lines if line.strip("\xa0 "))
