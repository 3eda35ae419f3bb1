"""The `///` blocks of a magazine: quote, fact, chart, map, qr, answers.

Drawn blocks (chart, map, qr) do not go through the sanitiser: they are made here from
checked values, and wait in the `Stash` until the author's own HTML has been cleaned.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from xml.etree import ElementTree

from markdown import Markdown
from pymdownx.blocks import BlocksExtension, BlocksProcessor
from pymdownx.blocks.block import Block, type_integer

from publisher.content import charts, maps, marks
from publisher.content.body import Look, Medium
from publisher.content.fences import Kind
from publisher.content.locales import source_line
from publisher.content.numbers import read_data, read_rows
from publisher.content.qr import qr_data_uri
from publisher.content.typography import typeset
from publisher.errors import ContentError
from publisher.problems import Problem, Severity

_QUOTE_WORDS = 25


@dataclass
class Making:
    """One body in the making: what its blocks need, and what they leave."""

    slug: str
    language: str
    medium: Medium
    look: Look
    wanting: Severity = Severity.ERROR  #: how bad a picture without alt text or credit is
    options: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    #: nobody can write a mark that is made up anew for every body
    mark: str = field(default_factory=lambda: f"drawn-{secrets.token_hex(12)}-")

    def complain(
        self, message: str, severity: Severity = Severity.WARNING, *, check: str = ""
    ) -> None:
        """Note a problem with this article."""
        self.problems.append(
            Problem(message=message, article=self.slug, severity=severity, check=check)
        )

    def keep(self, html: str) -> str:
        """Put finished HTML aside and return the id of the element that stands for it."""
        self.drawn.append(html)
        return f"{self.mark}{len(self.drawn) - 1}"

    def text(self, plain: str) -> str:
        """Typeset and escape plain text."""
        return escape(typeset(plain, self.language))


def _strings(value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    # YAML reads NO, the code of Norway, as "no"
    values = ["NO" if item is False else item for item in values if isinstance(values, list)]
    if not values or not all(isinstance(item, (str, int)) for item in values):
        raise ValueError
    return tuple(str(item).strip() for item in values)


def _place(value: Any) -> maps.Place:
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError
    name, longitude, latitude = value
    if not isinstance(name, str) or any(
        isinstance(part, bool) or not isinstance(part, (int, float))
        for part in (longitude, latitude)
    ):
        raise ValueError
    return maps.Place(name=name.strip(), longitude=float(longitude), latitude=float(latitude))


def _check(key: str, value: Any) -> Any:
    """Return an option's value as the blocks use it; raise `ValueError` if it is not one."""
    if key == "type":
        if value not in charts.TYPES:
            raise ValueError
        return value
    if key in ("countries", "highlight"):
        return _strings(value)
    if key == "places":
        if not isinstance(value, list):
            raise ValueError
        return tuple(_place(item) for item in value)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError
    return " ".join(str(value).split())


_TEXTS = {"alt": "alt: one sentence", "source": "source: where it is from"}
KINDS: Mapping[str, Kind] = {
    "quote": Kind(),
    "fact": Kind(title=True),
    "answers": Kind(title=False),
    "qr": Kind(title=True),
    "chart": Kind(
        options={
            "type": "type: bar or type: line",
            "unit": "unit: km",
            "highlight": "highlight: [label, label]",
            **_TEXTS,
        },
        check=_check,
        title=True,
    ),
    "map": Kind(
        options={
            "countries": "countries: [TN, LY]",
            "highlight": "highlight: [TN]",
            "places": "places: a list of [name, longitude, latitude]",
            **_TEXTS,
        },
        check=_check,
        title=True,
    ),
}


class _MagazineBlock(Block):  # type: ignore[misc]  # pymdownx has no types
    ARGUMENT = None
    OPTIONS = {"n": (0, type_integer)}  # noqa: RUF012  # pymdownx reads it from the class

    @property
    def making(self) -> Making:
        making: Making = self.config["making"]
        return making

    @property
    def asked(self) -> dict[str, Any]:
        asked: dict[str, Any] = self.making.options[self.options["n"]]
        return asked


class Quote(_MagazineBlock):
    """A pull quote; its argument is who said it."""

    NAME = "quote"

    def on_create(self, parent: ElementTree.Element) -> ElementTree.Element:
        return ElementTree.SubElement(parent, "aside", {"class": "pull-quote"})

    def on_end(self, block: ElementTree.Element) -> None:
        words = len(" ".join(block.itertext()).split())
        if words > _QUOTE_WORDS:
            self.making.complain(
                f"a pull quote has {words} words: cut it to {_QUOTE_WORDS}, readers only glance at it"
            )
        if self.argument:
            who = ElementTree.SubElement(block, "p", {"class": "who"})
            who.text = self.argument


class Fact(_MagazineBlock):
    """A fact box with its title."""

    NAME = "fact"

    def on_create(self, parent: ElementTree.Element) -> ElementTree.Element:
        box = ElementTree.SubElement(parent, "aside", {"class": "fact-box"})
        if self.argument:
            ElementTree.SubElement(box, "h3").text = self.argument
        return box


class Answers(_MagazineBlock):
    """The answers of a quiz."""

    NAME = "answers"

    def on_create(self, parent: ElementTree.Element) -> ElementTree.Element:
        return ElementTree.SubElement(parent, "section", {"class": "answers"})


class Qr(_MagazineBlock):
    """A QR code for an address, with a caption."""

    NAME = "qr"

    def on_create(self, parent: ElementTree.Element) -> ElementTree.Element:
        figure = ElementTree.SubElement(parent, "figure", {"class": "qr"})
        try:
            code = qr_data_uri(self.argument or "")
        except ContentError as error:
            self.making.complain(str(error))
        else:
            address = escape(self.argument)
            html = f'<a href="{address}"><img src="{code}" alt="QR code: {address}"></a>'
            ElementTree.SubElement(figure, "span", {"id": self.making.keep(html)})
        ElementTree.SubElement(figure, "figcaption")
        return figure

    def on_add(self, block: ElementTree.Element) -> ElementTree.Element:
        return block[-1]

    def on_markdown(self) -> str:
        return "inline"


class _Drawn(_MagazineBlock):
    """A figure drawn from its options and its text, which is data."""

    def on_create(self, parent: ElementTree.Element) -> ElementTree.Element:
        return ElementTree.SubElement(parent, "figure")

    def on_markdown(self) -> str:
        return "raw"

    def on_end(self, block: ElementTree.Element) -> None:
        data = block.text or ""
        block.text = None
        block.set("id", self.making.keep(self.draw(data)))

    def draw(self, data: str) -> str:
        raise NotImplementedError

    @property
    def description(self) -> str:
        if not self.asked.get("alt"):
            self.making.complain(
                f'the {self.NAME} "{self.argument or ""}" has no alt: say in one sentence'
                " what it shows, for readers who cannot see it",
                Severity.ERROR,
            )
        return str(self.asked.get("alt") or self.argument or self.NAME)

    def figure(self, kind: str, drawing: str) -> str:
        making = self.making
        title = making.text(self.argument or "")
        source = self.asked.get("source")
        line = making.text(source_line(source, making.language)) if source else ""
        return (
            f'<figure class="{kind}">'
            + (f'<figcaption class="chart-title">{title}</figcaption>' if title else "")
            + drawing
            + (f'<p class="source">{line}</p>' if line else "")
            + "</figure>"
        )


class Chart(_Drawn):
    """A bar or line chart from comma-separated figures."""

    NAME = "chart"

    def draw(self, data: str) -> str:
        making, asked = self.making, self.asked
        rows = read_rows(data)
        try:
            chart = marks.Chart(
                type=asked.get("type", "bar"),
                data=read_data(rows, making.language),
                unit=asked.get("unit", ""),
                highlight=asked.get("highlight", ()),
            )
            canvas = charts.draw(chart, making.look, making.language)
        except ContentError as error:
            making.complain(f"{error}; the figures are printed as a table")
            return self.figure("table", _table(rows, making))
        return self.figure("chart", canvas.render(self.description, making.medium))


class Map(_Drawn):
    """A locator map."""

    NAME = "map"

    def draw(self, data: str) -> str:
        making, asked = self.making, self.asked
        words = f"<p>{making.text(data)}</p>" if data.strip() else ""
        try:
            countries = tuple(code.upper() for code in asked.get("countries", ()))
            map_ = maps.Map(
                countries=countries,
                highlight=tuple(code.upper() for code in asked.get("highlight", ())),
                places=asked.get("places", ()),
            )
            canvas = maps.draw(map_, making.look, making.language)
        except ContentError as error:
            making.complain(f"{error}; the map is left out", Severity.ERROR)
            return words
        return self.figure("map", canvas.render(self.description, making.medium)) + words


def _table(rows: list[list[str]], making: Making) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{making.text(cell)}</th>' for cell in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{making.text(cell)}</td>" for cell in row) + "</tr>"
        for row in rows[1:]
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class MagazineBlocks(BlocksExtension):  # type: ignore[misc]  # pymdownx has no types
    """Registers the blocks for one body."""

    def __init__(self, making: Making) -> None:
        super().__init__()
        self.making = making

    def extendMarkdownBlocks(self, md: Markdown, block_mgr: BlocksProcessor) -> None:  # noqa: N802
        """Register every block with the body it helps to make."""
        for block in (Quote, Fact, Answers, Qr, Chart, Map):
            block_mgr.register(block, {"making": self.making})
