"""Language tag -> CLDR data: direction, digits, numbers, dates, and the few words we print.

A language tag may name its region (ar-EG), by which CLDR tells the digits of its press,
and with BCP 47's extension "u-nu" the digits themselves: ar-u-nu-arab, ar-EG-u-nu-latn.
"""

import datetime as dt
import re
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal

_SOURCE = {"en": "Source", "fr": "Source", "ar": "المصدر", "de": "Quelle", "es": "Fuente",
           "it": "Fonte", "pt": "Fonte", "tr": "Kaynak", "nl": "Bron", "sw": "Chanzo"}  # fmt: skip
_SPACED_COLON = frozenset({"fr"})
_NUMBERING = re.compile(r"-u-(?:[a-z0-9]{2,8}-)*?nu-(?P<name>[a-z]{3,8})")
#: CLDR's numbering systems: their digits, and what CSS calls a counter in them
_SYSTEMS = {
    "arab": ("٠١٢٣٤٥٦٧٨٩", "arabic-indic"),
    "arabext": ("۰۱۲۳۴۵۶۷۸۹", "persian"),
    "beng": ("০১২৩৪৫৬৭৮৯", "bengali"),
    "deva": ("०१२३४५६७८९", "devanagari"),
    "mymr": ("၀၁၂၃၄၅၆၇၈၉", "myanmar"),
}
#: right-to-left languages CLDR has no data for
_RTL = frozenset({"dv", "nqo", "syr", "arc", "sam"})


@lru_cache
def locale_of(language: str) -> Locale:
    """Return the locale of a language tag; an unknown one is set like English."""
    tag = language.partition("-u-")[0].replace("-", "_")
    try:
        # British habits: day before month, as a weekly in Africa or Europe writes English
        return Locale.parse("en_GB" if tag in ("", "en") else tag)
    except (UnknownLocaleError, ValueError):
        base = tag.split("_")[0]
        return locale_of(base) if base != tag else Locale.parse("en_GB")


def is_rtl(language: str) -> bool:
    """Tell whether a language is written from right to left."""
    return language.split("-")[0] in _RTL or locale_of(language).text_direction == "rtl"


def numbering(language: str) -> str:
    """Return CLDR's name of the digits a language's press prints, such as "latn" or "arab".

    The extension "u-nu" of the tag decides, else the region. One without digits of its
    own that we know is "latn".
    """
    asked = _NUMBERING.search(language.lower())
    name = asked["name"] if asked else str(locale_of(language).default_numbering_system)
    return name if name in _SYSTEMS else "latn"


def counter_style(language: str) -> str:
    """Return what CSS calls a counter in a language's digits: decimal, arabic-indic, ..."""
    return _SYSTEMS.get(numbering(language), ("", "decimal"))[1]


def numerals(text: str | int, language: str) -> str:
    """Write the Latin digits of a text that we made ourselves as the language's press does.

    What an author wrote is never put through this.
    """
    digits = _SYSTEMS.get(numbering(language))
    return str(text).translate(str.maketrans("0123456789", digits[0])) if digits else str(text)


def decimal(value: float, language: str, digits: int | None = None) -> str:
    """Write a number with the language's digits, decimal sign and groups.

    `digits` is how many decimals it has, even if they are noughts; None shows what is there.
    """
    locale = locale_of(language)
    pattern = str(locale.decimal_formats[None].pattern).partition(";")[0].partition(".")[0]
    fixed = None if digits is None else pattern + ("." + "0" * digits if digits else "")
    written = format_decimal(
        value, format=fixed, locale=locale, numbering_system=numbering(language)
    )
    return numerals(written, language)


def date(value: dt.date, language: str, pattern: str = "d MMMM yyyy") -> str:
    """Write a date in a language by a CLDR pattern; the first of a French month is "1er"."""
    if language.split("-")[0] == "fr" and value.day == 1:
        pattern = re.sub(r"(?<!d)d(?!d)", "d'er'", pattern)
    return numerals(format_date(value, pattern, locale=locale_of(language)), language)


def source_line(source: str, language: str) -> str:
    """Write "Source: ..." in a language."""
    base = language.split("-")[0]
    colon = "\u00a0:" if base in _SPACED_COLON else ":"
    return f"{_SOURCE.get(base, _SOURCE['en'])}{colon} {source}"
