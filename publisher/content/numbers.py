"""The figures of a chart: read from rows, written as a language does."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from babel.numbers import NumberFormatError, parse_decimal

from publisher.content.locales import decimal, is_rtl, locale_of
from publisher.errors import ContentError

_CURRENCIES = ("€", "$", "£")
#: signs that belong to every number; words such as "km" are said once
SIGNS = (*_CURRENCIES, "%", "°C", "°")


@dataclass(frozen=True, kw_only=True)
class Data:
    """A table of numbers: one row per label, one column per series."""

    labels: tuple[str, ...]
    names: tuple[str, ...]  #: of the value columns
    columns: tuple[tuple[float | None, ...], ...]  #: None where a cell is empty


def check_rows(rows: Sequence[Sequence[str]]) -> None:
    """Raise `ContentError` for a table without figures or with a row that is too short or long."""
    if len(rows) < 2 or len(rows[0]) < 2:
        raise ContentError(
            "there are no figures: write a header such as Label,Value and a row for each mark"
        )
    width = len(rows[0])
    for place, row in enumerate(rows[1:], 1):
        if len(row) != width:
            raise ContentError(
                f"row {place} ({','.join(row)[:60]}) has {len(row)} columns,"
                f" the header has {width}: put numbers with commas in quotes"
            )


def read_data(rows: Sequence[Sequence[str]], language: str) -> Data:
    """Turn rows into numbers; raise `ContentError` naming the row and what is wrong in it.

    Numbers are written plainly (1234.5) or, in quotes, as the language writes them.
    """
    check_rows(rows)
    width = len(rows[0])
    columns = tuple(
        tuple(_number(row[column], place, language) for place, row in enumerate(rows[1:], 1))
        for column in range(1, width)
    )
    if not any(value is not None for column in columns for value in column):
        raise ContentError("there are no figures: every cell is empty")
    return Data(labels=tuple(row[0] for row in rows[1:]), names=tuple(rows[0][1:]), columns=columns)


def _number(cell: str, place: int, language: str) -> float | None:
    plain = cell.strip().removesuffix("%").replace("\u00a0", "").replace("\u202f", "").strip()
    plain = plain.replace("\u2212", "-").replace("_", "")
    if not plain:
        return None
    try:
        value = float(plain)
    except ValueError:
        try:
            value = float(parse_decimal(plain, locale=locale_of(language), strict=True))
        except NumberFormatError:
            value = math.nan
    if not math.isfinite(value) or abs(value) > 1e15:
        raise ContentError(
            f'row {place} holds "{cell[:40]}", which is no number: write it like 1234.5'
        )
    return value if abs(value) > 1e-12 else 0.0


def decimals(values: Iterable[float | None]) -> int:
    """Return how many decimals figures that stand in one column need, at most three."""
    parts = (f"{value:.3f}".rstrip("0").partition(".")[2] for value in values if value is not None)
    return max(map(len, parts), default=0)


def write_number(value: float, language: str, unit: str = "", digits: int | None = None) -> str:
    """Write a number as the language does, with its unit if that is a sign such as %.

    `digits` sets the decimals, for figures that stand below one another.
    """
    written = decimal(value, language, digits).replace("-", "\u2212")
    if unit not in SIGNS:
        return written
    english = language.split("-")[0] in ("", "en")
    if unit in _CURRENCIES and english:
        return f"\u2212{unit}{written[1:]}" if value < 0 else f"{unit}{written}"
    close = unit == "°" or (unit == "%" and _close_percent(language))
    # CLDR's marks keep the sign behind the figure in a line that runs from the right
    mark = "\u200e" if is_rtl(language) else ""
    return written + ("" if close else "\u00a0") + mark + unit + mark


def _close_percent(language: str) -> bool:
    """Tell whether CLDR sets the percent sign without a space: 12% in English, not in French."""
    pattern = str(locale_of(language).percent_formats[None].pattern)
    return pattern.partition("%")[0][-1:].strip("\u200e\u200f") in ("0", "#")
