"""The `///` blocks of a magazine: quote, fact, chart, map, qr, answers.

Drawn blocks (chart, map, qr) do not go through the sanitiser: they are made here from
checked values, and wait in the `Stash` until the author's own HTML has been cleaned.
"""

from collections.abc import Mapping
from html import escape
from xml.etree import ElementTree

from markdown import Markdown
from pymdownx.blocks import BlocksExtension, BlocksProcessor

from publisher.content import graphics
from publisher.content.fences import Kind
from publisher.content.making import MagazineBlock, Making
from publisher.content.qr import qr_data_uri
from publisher.errors import ContentError

_QUOTE_WORDS = 25


KINDS: Mapping[str, Kind] = {
    "quote": Kind(),
    "fact": Kind(title=True),
    "answers": Kind(title=False),
    "qr": Kind(title=True),
    **graphics.KINDS,
}


class Quote(MagazineBlock):
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


class Fact(MagazineBlock):
    """A fact box with its title."""

    NAME = "fact"

    def on_create(self, parent: ElementTree.Element) -> ElementTree.Element:
        box = ElementTree.SubElement(parent, "aside", {"class": "fact-box"})
        if self.argument:
            ElementTree.SubElement(box, "h3").text = self.argument
        return box


class Answers(MagazineBlock):
    """The answers of a quiz."""

    NAME = "answers"

    def on_create(self, parent: ElementTree.Element) -> ElementTree.Element:
        return ElementTree.SubElement(parent, "section", {"class": "answers"})


class Qr(MagazineBlock):
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


class MagazineBlocks(BlocksExtension):  # type: ignore[misc]  # pymdownx has no types
    """Registers the blocks for one body."""

    def __init__(self, making: Making) -> None:
        super().__init__()
        self.making = making

    def extendMarkdownBlocks(self, md: Markdown, block_mgr: BlocksProcessor) -> None:  # noqa: N802
        """Register every block with the body it helps to make."""
        for block in (Quote, Fact, Answers, Qr, graphics.Chart, graphics.Map):
            block_mgr.register(block, {"making": self.making})
