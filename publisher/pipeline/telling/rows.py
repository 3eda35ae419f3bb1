"""The rows of the page of charts: a figure, its share, its strip."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from publisher.deliver.figures import Figures
from publisher.deliver.providers import OTHERS, Provider, advice
from publisher.pipeline.telling import words as told
from publisher.pipeline.telling.proof import Proof
from publisher.render.strips import Part, strip

_STATES = ("accepted", "suppressed", "refused", "uncertain", "cancelled", "waiting")
_FATES = ("delivered", "deferred", "blocked", "dropped", "bounced", "unheard")
_LINKS, _PROVIDERS = 8, 12
_CODE, _LINK = re.compile(r"`([^`]+)`"), re.compile(r"https://[\w./-]*\w/?")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure with its strip."""

    name: str
    number: int
    share: str = ""
    of: str = ""  #: what the share is of
    note: str = ""
    strip: Markup = Markup()
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A mailbox provider."""

    provider: Provider
    share: str
    strip: Markup
    rest: str  #: what was not delivered, in words
    advice: Markup


def marked(words: str) -> Markup:
    """Return our own words with commands and addresses set as such."""
    text = _CODE.sub(r"<code>\1</code>", escape(words, quote=False))
    return Markup(  # noqa: S704 -- escaped above
        _LINK.sub(r'<a href="\g<0>" rel="noreferrer">\g<0></a>', text)
    )


def key_figures(proof: Proof) -> list[tuple[str, str]]:
    """Return what stands beside the headline: shares and what they are of."""
    tally, acts = proof.figures.tally, proof.figures.acts
    if not tally.delivered:
        return []
    return [
        (told.share(tally.delivered, tally.accepted), "of accepted mails were delivered"),
        (
            told.share(acts.opened, tally.delivered),
            "of delivered mails were opened, at an estimate",
        ),
        (
            told.share(acts.clicked, tally.delivered),
            "of delivered mails led on to an article or the PDF",
        ),
    ]


def state_strip(proof: Proof) -> Markup:
    """Return the strip of the certificate."""
    certificate = proof.certificate
    return strip(
        parts(certificate, _STATES),
        whole=certificate.intended,
        title="Where the readers stand",
        desc=certificate.sentence,
    )


def state_rows(proof: Proof) -> list[Row]:
    """Return the lines of the certificate."""
    certificate = proof.certificate
    return [
        Row(
            name=name,
            number=getattr(certificate, name),
            share=told.share(getattr(certificate, name), certificate.intended),
            note=told.MEANINGS[name],
        )
        for name in _STATES
    ]


def fate_strip(proof: Proof) -> Markup:
    """Return the strip of what became of the accepted mails."""
    tally = proof.figures.tally
    return strip(
        parts(tally, _FATES), whole=tally.accepted, title="What became of the accepted mails"
    )


def fate_rows(proof: Proof) -> list[Row]:
    """Return what became of the accepted mails, line by line."""
    tally = proof.figures.tally
    return [
        Row(
            name=name,
            number=getattr(tally, name),
            share=told.share(getattr(tally, name), tally.accepted),
            note=told.FATES[name],
        )
        for name in _FATES
    ]


def deeds(proof: Proof) -> list[Row]:
    """Return the road from accepted to read, each step with what its share is of."""
    tally, acts = proof.figures.tally, proof.figures.acts
    steps = (
        ("accepted", tally.accepted, proof.certificate.intended, "intended", ""),
        ("delivered", tally.delivered, tally.accepted, "accepted", ""),
        ("opened", acts.opened, tally.delivered, "delivered", _beside(acts.machine_opened)),
        ("clicked", acts.clicked, tally.delivered, "delivered", _beside(acts.machine_clicked)),
        ("unsubscribed", acts.unsubscribed, tally.delivered, "delivered", ""),
    )
    return [
        Row(
            name=name,
            number=number,
            share=told.share(number, whole),
            of=of,
            note=note,
            strip=strip(
                [Part("person", number)],
                whole=max(proof.certificate.intended, 1),
                title=f"{number:,} of {proof.certificate.intended:,} readers {name}",
            ),
        )
        for name, number, whole, of, note in steps
    ]


def _beside(machines: int) -> str:
    return f"not counted: {machines:,} where only a machine did" if machines else ""


def stories(proof: Proof) -> list[Row]:
    """Return the articles by the readers who went on to them."""
    most = max((story.readers for story in proof.stories), default=0)
    clicked = proof.figures.acts.clicked
    return [
        Row(
            name=story.title,
            number=story.readers,
            share=told.share(story.readers, clicked) if story.readers else "",
            note=story.section,
            language=story.language,
            strip=strip(
                [Part("person", story.readers)],
                whole=most,
                title=f"{story.readers:,} readers",
            ),
        )
        for story in proof.stories
    ]


def links(proof: Proof) -> list[Row]:
    """Return what else readers followed."""
    return [Row(name=link.link, number=link.readers) for link in proof.links if link.readers][
        :_LINKS
    ]


def boxes(figures: Figures) -> list[Box]:
    """Return the largest providers, those in trouble however small, and the rest as one."""
    named = [one for one in figures.providers if one.name != OTHERS]
    shown = named[:_PROVIDERS] + [one for one in named[_PROVIDERS:] if one.troubled][:_PROVIDERS]
    kept = {one.name for one in shown}
    rest = [one for one in figures.providers if one.name not in kept]
    if rest:
        sums = {name: sum(getattr(one, name) for one in rest) for name in Provider.FIGURES}
        shown.append(Provider(name="all other domains", domains=(), reason="", **sums))
    return [
        Box(
            provider=one,
            share=told.share(one.delivered, one.mails),
            strip=strip(
                parts(one, _FATES),
                whole=one.mails,
                title=f"{one.name}: {_rest(one) or 'all well'}",
            ),
            rest=_rest(one),
            advice=marked(advice(one)) if one.name in kept else Markup(),
        )
        for one in shown
    ]


def _rest(one: Provider) -> str:
    return ", ".join(f"{number:,} {name}" for name in _FATES[1:] if (number := getattr(one, name)))


def parts(of: object, names: Sequence[str]) -> list[Part]:
    """Return the parts of a strip that are not nothing."""
    return [
        Part(name, number, f"{number:,} {name}") for name in names if (number := getattr(of, name))
    ]
