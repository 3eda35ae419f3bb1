"""The blocks that are drawn from figures: chart and map."""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from babel import Locale

from publisher.content import charts, maps, marks
from publisher.content.article import stays_below
from publisher.content.bartable import BarTable, bar_table, barred_data
from publisher.content.describe import describe_chart, describe_map
from publisher.content.fences import Kind
from publisher.content.locales import locale_of, source_line
from publisher.content.making import MagazineBlock, Making
from publisher.content.numbers import read_data
from publisher.content.rows import Rows, read_file, read_rows, read_table
from publisher.errors import ContentError
from publisher.problems import Severity

_FIGURES = {
    "data": "data: the name of a table under data: in the front matter",
    "file": "file: data/name.csv",
    "unit": "unit: km",
    "alt": "alt: one sentence",
    "source": "source: where it is from",
}
CHART = {
    "type": "type: bar, line, area, slope or table",
    "highlight": "highlight: [label, label]",
    "stacked": "stacked: yes",
    "bars": "bars: [column, column]",
    **_FIGURES,
}
MAP = {
    "countries": "countries: [TN, LY]",
    "highlight": "highlight: [TN]",
    "places": "places: a list of [name, longitude, latitude]",
    "inset": "inset: yes or no",
    "figures": "figures: yes, with a row of country and figure each",
    "breaks": "breaks: [10, 20, 50]",
    **_FIGURES,
}


def _strings(value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, (str, int)) else value
    # YAML reads NO, the code of Norway, as "no"
    values = ["NO" if item is False else item for item in values if isinstance(values, list)]
    if not values or not all(isinstance(item, (str, int)) for item in values):
        raise ValueError
    return tuple(str(item).strip() for item in values)


def _numbers(value: Any) -> tuple[float, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in values):
        raise ValueError
    return tuple(float(one) for one in values)


def _place(value: Any) -> maps.Place:
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[0], str):
        raise ValueError
    longitude, latitude = _numbers(value[1:])
    return maps.Place(name=value[0].strip(), longitude=longitude, latitude=latitude)


def _check(key: str, value: Any) -> Any:
    """Return an option's value as the blocks use it; raise `ValueError` if it is not one."""
    if key in ("stacked", "inset", "figures"):
        if not isinstance(value, bool):
            raise ValueError
        return value
    if key in ("countries", "highlight", "bars"):
        return _strings(value)
    if key == "breaks":
        return _numbers(value)
    if key == "places":
        if not isinstance(value, list):
            raise ValueError
        return tuple(_place(item) for item in value)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError
    text = " ".join(str(value).split())
    if (key == "type" and text not in charts.TYPES) or (
        key == "file" and not (stays_below(text) and text.lower().endswith((".csv", ".tsv")))
    ):
        raise ValueError
    return text


KINDS: Mapping[str, Kind] = {
    "chart": Kind(options=CHART, check=_check, title=True),
    "map": Kind(options=MAP, check=_check, title=True),
}


_FILE = re.compile(r"^( {4,}file: *)(['\"]?)([^\s'\"]+)\2[ \t]*$", re.MULTILINE)


def named_files(body: str) -> tuple[str, ...]:
    """Return the CSV files that the charts and maps of a text name, each once."""
    return tuple(dict.fromkeys(match[3] for match in _FILE.finditer(body)))


def with_files(body: str, places: Mapping[str, str]) -> str:
    """Return the text with its CSV files under their paths in the issue's folder."""
    return _FILE.sub(lambda match: f"{match[1]}{places.get(match[3], match[3])}", body)


class _Drawn(MagazineBlock):
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
    def title(self) -> str:
        return str(self.argument or "")

    def refuse(self, error: ContentError, what: str, severity: Severity) -> None:
        """Say which figure cannot be drawn and why; `what` happens instead."""
        self.making.complain(f'the {self.NAME} "{self.title}": {error}; {what}', severity)

    def rows(self, text: str) -> Rows:
        """Return the figures: from a file, from the front matter, or from the block itself."""
        asked, making = self.asked, self.making
        if asked.get("file"):
            return read_file(asked["file"], making.home)
        if asked.get("data"):
            if asked["data"] not in making.data:
                has = ", ".join(making.data) or "none"
                raise ContentError(
                    f'the front matter has no table "{asked["data"]}" under data: it has {has}'
                )
            return read_table(making.data[asked["data"]])
        return read_rows(text)

    def figure(self, kind: str, drawing: str) -> str:
        """Return the whole figure: title, drawing and the line that says where it is from."""
        making = self.making
        title, source = making.text(self.title), self.asked.get("source")
        line = making.text(source_line(source, making.language)) if source else ""
        return (
            f'<figure class="{kind}">'
            + (f'<figcaption class="chart-title">{title}</figcaption>' if title else "")
            + drawing
            + (f'<p class="source">{line}</p>' if line else "")
            + "</figure>"
        )


class Chart(_Drawn):
    """A chart, or a table with bars, from comma-separated figures."""

    NAME = "chart"

    def draw(self, data: str) -> str:
        making, asked = self.making, self.asked
        rows: Rows = []
        try:
            rows = self.rows(data)
            if asked.get("type") == "table":
                return self.figure("table", self.table(rows))
            chart = marks.Chart(
                type=asked.get("type", "bar"),
                data=read_data(rows, making.language),
                unit=asked.get("unit", ""),
                highlight=asked.get("highlight", ()),
                stacked=asked.get("stacked", False),
            )
            said = asked.get("alt") or describe_chart(chart, self.title, making.language)
            drawing = charts.draw(chart, making.look, making.language)
        except ContentError as error:
            if not rows:
                self.refuse(error, "it is left out", Severity.ERROR)
                return ""
            self.refuse(error, "the figures are printed as a table", Severity.WARNING)
            return self.figure("table", _table(rows, making))
        return self.figure("chart", drawing.render(said, making.medium))

    def table(self, rows: Rows) -> str:
        """Return the figures as a table with bars."""
        making, asked = self.making, self.asked
        table = BarTable(
            rows=rows,
            bars=asked.get("bars", ()),
            unit=asked.get("unit", ""),
            highlight=asked.get("highlight", ()),
        )
        data = barred_data(table, making.language)
        chart = marks.Chart(type="table", data=data, unit=table.unit)
        said = asked.get("alt") or describe_chart(chart, self.title, making.language)
        return bar_table(table, data, said, making)


class Map(_Drawn):
    """A locator map, or with figures a choropleth."""

    NAME = "map"

    def draw(self, data: str) -> str:
        making, asked = self.making, self.asked
        shaded = bool(asked.get("figures") or asked.get("data") or asked.get("file"))
        words = f"<p>{making.text(data)}</p>" if data.strip() and not shaded else ""
        try:
            asked_map = maps.Map(
                countries=tuple(code.upper() for code in asked.get("countries", ())),
                highlight=tuple(code.upper() for code in asked.get("highlight", ())),
                places=asked.get("places", ()),
                figures=_by_country(self.rows(data), making.language) if shaded else {},
                unit=asked.get("unit", ""),
                breaks=asked.get("breaks", ()),
                inset=asked.get("inset"),
            )
            drawing = maps.draw(asked_map, making.look, making.language)
        except ContentError as error:
            self.refuse(error, "it is left out", Severity.ERROR)
            return words
        said = asked.get("alt") or describe_map(asked_map, self.title, making.language)
        return self.figure("map", drawing.render(said, making.medium)) + words


def _by_country(rows: Rows, language: str) -> dict[str, float | None]:
    """Return the first figure of each country, named by its code or in words."""
    data = read_data(rows, language)
    codes = {
        name.casefold(): code
        for locale in (Locale.parse("en"), locale_of(language))
        for code, name in locale.territories.items()
        if len(code) == 2
    }
    figures: dict[str, float | None] = {}
    for place, (label, value) in enumerate(zip(data.labels, data.columns[0], strict=True), 1):
        code = codes.get(label.casefold(), label.upper())
        if code in figures:
            raise ContentError(f"row {place} names {label} again: give each country one figure")
        figures[code] = value
    return figures


def _table(rows: Rows, making: Making) -> str:
    head = "".join(f'<th scope="col">{making.text(cell)}</th>' for cell in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{making.text(cell)}</td>" for cell in row) + "</tr>"
        for row in rows[1:]
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
