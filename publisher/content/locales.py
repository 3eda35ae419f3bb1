"""Language tag -> CLDR data, and the few words we print ourselves."""

from functools import lru_cache

from babel import Locale, UnknownLocaleError

_SOURCE = {"en": "Source", "fr": "Source", "ar": "المصدر", "de": "Quelle", "es": "Fuente",
           "it": "Fonte", "pt": "Fonte", "tr": "Kaynak", "nl": "Bron", "sw": "Chanzo"}  # fmt: skip
_SPACED_COLON = frozenset({"fr"})


@lru_cache
def locale_of(language: str) -> Locale:
    """Return the locale of a language tag; an unknown one is set like English."""
    tag = language.replace("-", "_")
    try:
        # British habits: day before month, as a weekly in Africa or Europe writes English
        return Locale.parse("en_GB" if tag in ("", "en") else tag)
    except (UnknownLocaleError, ValueError):
        base = tag.split("_")[0]
        return locale_of(base) if base != tag else Locale.parse("en_GB")


def is_rtl(language: str) -> bool:
    """Tell whether a language is written from right to left."""
    return locale_of(language).text_direction == "rtl"


def source_line(source: str, language: str) -> str:
    """Write "Source: ..." in a language."""
    base = language.split("-")[0]
    colon = " :" if base in _SPACED_COLON else ":"
    return f"{_SOURCE.get(base, _SOURCE['en'])}{colon} {source}"
