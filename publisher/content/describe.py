"""What a chart or map says, in one line, for readers who cannot see it."""

from collections.abc import Mapping, Sequence

from publisher.content.locales import locale_of
from publisher.content.maps import Map
from publisher.content.marks import Chart
from publisher.content.numbers import SIGNS, write_number

_MOST = 8  #: series or places that are told

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "bar": "Bar chart", "line": "Line chart", "area": "Area chart", "slope": "Slope chart",
        "table": "Table", "map": "Map", "highest": "highest", "lowest": "lowest",
        "places": "Places", "colon": ":", "comma": ", ",
    },
    "fr": {
        "bar": "Diagramme en barres", "line": "Courbes", "area": "Aires empilées",
        "slope": "Graphique avant-après", "table": "Tableau", "map": "Carte",
        "highest": "maximum", "lowest": "minimum", "places": "Lieux", "colon": "\u00a0:",
        "comma": ", ",
    },
    "ar": {
        "bar": "رسم بياني بالأعمدة", "line": "رسم بياني خطي", "area": "رسم بياني مساحي",
        "slope": "رسم بياني للمقارنة بين زمنين", "table": "جدول", "map": "خريطة",
        "highest": "الأعلى", "lowest": "الأدنى", "places": "الأماكن", "colon": ":",
        "comma": "، ",
    },
}  # fmt: skip


def describe_chart(chart: Chart, title: str, language: str) -> str:
    """Return type, title, and of each series its ends and its extremes.

    "Bar chart: The highest mountains. Metres: highest Toubkal, 4,167 m, lowest ..."
    """
    said, data = _words(language), chart.data
    parts = [f"{said[chart.type]}{said['colon']} {title}".removesuffix(f"{said['colon']} ")]

    def figure(value: float) -> str:
        unit = "" if not chart.unit or chart.unit in SIGNS else f"\u00a0{chart.unit}"
        return write_number(value, language, chart.unit) + unit

    if chart.type == "slope":
        for label, *values in zip(data.labels, *data.columns, strict=True):
            told = [figure(value) for value in values if value is not None]
            parts.append(f"{label}{said['colon']} {' – '.join(told)}")
        return ". ".join(parts[: _MOST + 1]) + "."
    for name, column in zip(data.names[:_MOST], data.columns, strict=False):
        known = [(v, label) for v, label in zip(column, data.labels, strict=True) if v is not None]
        if not known:
            continue
        (top, at), (low, below) = max(known), min(known)
        told = [f"{said['highest']} {at}{said['comma']}{figure(top)}"]
        if len(known) > 1 and low < top:
            told.append(f"{said['lowest']} {below}{said['comma']}{figure(low)}")
        parts.append(f"{name}{said['colon']} {said['comma'].join(told)}")
    return ". ".join(parts) + "."


def describe_map(asked: Map, title: str, language: str) -> str:
    """Return what the map shows: countries, their figures, and places."""
    said, names = _words(language), locale_of(language).territories
    parts = [f"{said['map']}{said['colon']} {title}".removesuffix(f"{said['colon']} ")]
    figures = {code: value for code, value in asked.figures.items() if value is not None}
    if figures:
        unit = "" if not asked.unit or asked.unit in SIGNS else f"\u00a0{asked.unit}"
        ranked = sorted(figures, key=lambda code: -figures[code])
        told = [
            f"{names.get(code, code)} {write_number(figures[code], language, asked.unit)}{unit}"
            for code in ranked[: 2 * _MOST]
        ]
        parts.append(said["comma"].join(told))
    elif asked.countries:
        parts.append(_list([names.get(code, code) for code in asked.countries], said))
    if asked.places:
        places = _list([place.name for place in asked.places], said)
        parts.append(f"{said['places']}{said['colon']} {places}")
    return ". ".join(parts) + "."


def _list(names: Sequence[str], said: Mapping[str, str]) -> str:
    return said["comma"].join(names)


def _words(language: str) -> Mapping[str, str]:
    return _WORDS.get(language.split("-")[0], _WORDS["en"])
