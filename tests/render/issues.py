"""Issues made by hand for the tests of the editions, and a browser to look at them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from PIL import Image

from publisher.config import Publication
from publisher.content.article import Article, Kind, Picture
from publisher.content.issue import Cover, Coverline, Issue, Slot
from publisher.week import Week

WEEK = Week(2026, 47)
QUIET = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update"


def article(slug: str, title: str, **more: object) -> Article:
    """An article with a body of two paragraphs."""
    values: dict[str, object] = {
        "body": "It begins here, with *one* sentence.\n\n## Then\n\nAnd it ends.",
        "kicker": "Water",
        "section": "Environment",
        **more,
    }
    return Article(slug=slug, title=title, **values)  # type: ignore[arg-type]  # checked by the class at use


def picture(
    folder: Path, name: str, colour: str = "#3377aa", size: tuple[int, int] = (1800, 1200)
) -> Picture:
    """A picture of one colour in an issue's folder."""
    path = folder / "pictures" / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return Picture(path=f"pictures/{name}.jpg", alt=f"What {name} shows", credit="Someone, CC0")


def slot(
    publication: Publication, *articles: Article, kind: Kind = Kind.NEWS, cover: bool = False
) -> Slot:
    """A place in the running order."""
    section = publication.section(articles[0].section)
    return Slot(kind=kind, section=section, articles=articles, cover_story=cover)


def issue(publication: Publication, slots: Sequence[Slot], **more: object) -> Issue:
    """An issue of these slots in the publication's folder."""
    lead = next((s.article for s in slots if s.cover_story), slots[0].article)
    made = Issue(
        week=WEEK,
        number=12,
        date=date(2026, 11, 21),
        folder=folder_of(publication),
        cover=Cover(title=lead.title, story=lead.slug, picture=lead.picture),
        slots=tuple(slots),
    )
    return replace(made, **more)  # type: ignore[arg-type]  # checked by the class at use


def folder_of(publication: Publication) -> Path:
    """The folder of the issue."""
    return publication.issues / str(WEEK)


def mixed_issue(publication: Publication) -> Issue:
    """One of everything: a letter, a cover story, news, briefs, Arabic, French, hostile titles."""
    folder = folder_of(publication)
    lead = article(
        "rivers",
        "The rivers under the sand",
        standfirst="Tunnels that bring water without a pump.",
        byline="Tiziri Aït Oumghar",
        url="https://sirocco.example/rivers",
        picture=picture(folder, "rivers"),
        sources=("UNESCO", "FAO"),
        corrections=("An earlier version misspelt Touat.",),
        body="It begins.[^1]\n\n"
        '![A second view](pictures/second.jpg "What we see."){ credit="Someone, CC0" }\n\n'
        "And ends.\n\n[^1]: A note.",
    )
    picture(folder, "second", "#aa7733")
    hostile = article(
        "hostile",
        'Of <b>bold</b> claims & "quotes"',
        kicker="<script>alert(1)</script>",
        standfirst="Its text has <img src=x onerror=alert(1)> in it.",
        picture=picture(folder, "hostile"),
    )
    arabic = article(
        "light",
        "المنارة: ضوءٌ يُسمَع",
        language="ar",
        kicker="كلمة",
        section="Culture",
        standfirst="بدأت المنارة نارًا تهدي السفن.",
        body="في العربية كلمات تحمل تاريخها.",
        picture=picture(folder, "light", size=(800, 1300)),
    )
    french = article("printemps", "Le printemps : en bouteille", language="fr", section="Food")
    briefs = [article(f"brief-{n}", f"Brief number {n}", section="Science") for n in (1, 2, 3)]
    letter = article(
        "letter",
        "Thank you for opening this",
        kind=Kind.LETTER,
        body="Dear reader,\n\nThis is the *letter*.",
        byline="Amel Zerrad",
    )
    slots = [
        slot(publication, lead, kind=Kind.FEATURE, cover=True),
        slot(publication, *briefs, kind=Kind.BRIEF),
        slot(publication, hostile),
        slot(publication, arabic),
        slot(publication, french),
    ]
    made = issue(publication, slots, letter=letter)
    lines = (Coverline(text="Light", story="light", section=slots[3].section),)
    return replace(made, cover=replace(made.cover, lines=lines))
