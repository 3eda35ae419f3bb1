"""Headlines cut to the length a place allows, never in the middle of a word."""

import re

_BREAK = re.compile(r"\s*(?::|;|\s[–—-]\s|[–—])\s*")
_SENTENCE = re.compile(r"(?<=[.!?؟…])\s+")
_ENDS = " ,;:–—-"


def shorten(text: str, limit: int) -> str:
    """Return the text, or as many whole words as fit into `limit` characters and an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if not text[limit - 1].isspace():
        # a single word longer than the limit has no better place to be cut
        head = head.rsplit(" ", 1)[0]
    return head.rstrip(_ENDS) + "…"


def short_headline(title: str, limit: int) -> str:
    """Return a headline for a small place: without full stop, cut at its colon or dash if long."""
    title = " ".join(title.split())
    if title.endswith(".") and not title.endswith(".."):
        title = title[:-1]
    if len(title) <= limit:
        return title
    first = _BREAK.split(title)[0]
    # one word before a colon is a label ("Libya: ..."), not a headline
    return first if len(first) <= limit and " " in first else shorten(title, limit)


def short_standfirst(text: str, limit: int) -> str:
    """Return a standfirst for a small place: whole sentences if any fit, else whole words."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    kept = ""
    for sentence in _SENTENCE.split(text):
        longer = f"{kept} {sentence}".strip()
        if len(longer) > limit:
            break
        kept = longer
    return kept if 2 * len(kept) >= limit else shorten(text, limit)
