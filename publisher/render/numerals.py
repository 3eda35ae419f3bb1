"""Page numbers as text, in the digits that the folios' counters are printed in."""

from publisher.content.locales import counter_style, numerals

__all__ = ["counter_style", "page_number"]


def page_number(number: int, language: str) -> str:
    """Write a page number as the language's press does: 12, or ١٢ in Cairo."""
    return numerals(number, language)
