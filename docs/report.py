"""Draw docs/pictures/report.png: the page of `publisher report` with invented figures.

python -m docs.report
"""

import shutil
from datetime import UTC, datetime, timedelta
from io import BytesIO
from math import exp
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

from publisher.config import load_publication
from publisher.content.article import read_article
from publisher.deliver.certificate import Certificate
from publisher.deliver.figures import Acts, Figures, Followed, Hour, Tally
from publisher.deliver.incidents import Settlement
from publisher.deliver.providers import OTHERS, Provider
from publisher.pipeline.telling.page import page
from publisher.pipeline.telling.proof import Proof, Story
from publisher.week import Week

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "pictures" / "report.png"
BEGAN = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
INTENDED = 11_402
_WIDTH, _GAP, _PICTURE = 1100, 24, 1500  #: pixels
_TURN = "section[aria-labelledby=hours]"  #: what begins the second column

#: mails, deferred, blocked, bounced, unheard, opened, clicked, complained, and what was said
_PROVIDERS = {
    ("Gmail", "gmail.com"): (5210, 31, 0, 22, 4, 2380, 861, 0, ""),
    ("Outlook", "hotmail.com"): (
        *(1684, 18, 402, 9, 2, 561, 190, 1),
        "550 5.7.1 Unfortunately, messages from [198.51.100.7] weren't sent. Part of their"
        " network is on our block list (S3140).",
    ),
    ("Yahoo", "yahoo.fr"): (1122, 40, 3, 14, 1, 470, 151, 3, ""),
    ("topnet.tn", "topnet.tn"): (861, 2, 0, 11, 0, 377, 163, 0, ""),
    ("Orange", "orange.fr"): (604, 4, 1, 3, 0, 255, 98, 0, ""),
    ("iCloud", "icloud.com"): (411, 0, 0, 2, 0, 166, 71, 0, ""),
    ("Proton", "proton.me"): (198, 0, 0, 1, 0, 74, 44, 0, ""),
    ("menara.ma", "menara.ma"): (164, 1, 0, 4, 0, 80, 31, 0, ""),
    (OTHERS, ""): (1020, 9, 4, 21, 3, 431, 172, 0, ""),
}
#: shares of readers who clicked, by the article's slug
_READ = {
    "the-rivers-under-the-sand": 31, "harissa-by-the-spoon": 19, "we-asked-the-wind": 15,
    "the-fruit-that-hides-its-flowers": 13, "five-countries-five-roofs": 11,
    "a-wall-that-became-a-mosaic": 9, "the-monkey-without-a-tail": 8, "couscous-four-flags": 7,
    "how-much-day-is-left": 5, "entre-chien-et-loup": 4, "editors-letter": 2,
}  # fmt: skip


def invented() -> Proof:
    """Return a week such as a magazine of this size might have, one provider in trouble."""
    providers = tuple(_provider(key[0], key[1], row) for key, row in _PROVIDERS.items())

    def total(name: str) -> int:
        return sum(getattr(one, name) for one in providers)

    tally = Tally(
        **{name: total(name) for name in ("delivered", "deferred", "blocked", "bounced", "unheard")}
    )
    acts = Acts(
        opened=total("opened"), clicked=total("clicked"), complained=total("complained"),
        machine_opened=1873, machine_clicked=214, unsubscribed=17,
    )  # fmt: skip
    figures = Figures(
        tally=tally,
        acts=acts,
        heard=tally.accepted - 4,
        began=BEGAN,
        hours=_hours(tally, acts),
        later=Hour(opened=61, clicked=22),
        links=(),
        providers=providers,
    )
    return Proof(
        week=Week(2026, 47),
        number=12,
        made_at=BEGAN + timedelta(days=2, hours=3),
        certificate=_certificate(tally.accepted),
        figures=figures,
        stories=_stories(acts.clicked),
        links=(
            Followed(link="https://sirocco.example/issues/2026-W47/sirocco.pdf", readers=702,
                     machines=12),
        ),
    )  # fmt: skip


def _provider(
    name: str, domain: str, row: tuple[int, int, int, int, int, int, int, int, str]
) -> Provider:
    mails, deferred, blocked, bounced, unheard, opened, clicked, complained, reason = row
    return Provider(
        name=name,
        domains=(domain,) if domain else (),
        delivered=mails - deferred - blocked - bounced - unheard,
        deferred=deferred,
        blocked=blocked,
        dropped=0,
        bounced=bounced,
        unheard=unheard,
        opened=opened,
        clicked=clicked,
        complained=complained,
        reason=reason,
    )


def _hours(tally: Tally, acts: Acts) -> tuple[Hour, ...]:
    """Return two days: a busy morning, an evening, and less of it a day later."""

    def weight(hour: int, lateness: float) -> float:
        clock = (7 + hour) % 24
        awake = 0.08 if clock < 6 else 1.0 + 0.6 * (19 <= clock <= 22)
        return awake * exp(-hour / 13) * (0.55 if hour < lateness else 1.0)

    def spread(number: int, lateness: float) -> list[int]:
        weights = [weight(hour, lateness) for hour in range(50)]
        parts = [round(number * one / sum(weights)) for one in weights]
        return [parts[0] + number - sum(parts), *parts[1:]]

    opened, clicked = spread(acts.opened - 61, 0.5), spread(acts.clicked - 22, 1.5)
    accepted, delivered = [tally.accepted], [tally.delivered - 211, 160, 38, 9, 0, 3, 0, 0, 1]
    return tuple(
        Hour(
            accepted=accepted[hour] if hour < len(accepted) else 0,
            delivered=delivered[hour] if hour < len(delivered) else 0,
            opened=opened[hour],
            clicked=clicked[hour],
        )
        for hour in range(50)
    )


def _certificate(accepted: int) -> Certificate:
    return Certificate(
        week="2026-W47",
        list="readers",
        subject="The rivers under the sand, and eighteen more stories",
        state="done",
        reason="",
        created=BEGAN - timedelta(hours=14),
        finished=BEGAN + timedelta(minutes=4),
        intended=INTENDED,
        accepted=accepted,
        suppressed=INTENDED - accepted - 6,
        refused=6,
        uncertain=0,
        cancelled=0,
        waiting=0,
        unserved=(),
        settlements=(
            Settlement(
                at=BEGAN + timedelta(minutes=6), who="publisher", chunk=9, attempt=1, readers=500,
                how="mailed", evidence="event", provider_id="",
            ),
        ),
    )  # fmt: skip


def _stories(clicked: int) -> tuple[Story, ...]:
    publication = load_publication(ROOT)
    stories = []
    for slug, share in _READ.items():
        article = read_article(publication.issues / "inbox" / f"{slug}.md", publication.timezone)
        stories.append(
            Story(
                slug=slug,
                title=article.title,
                section=article.section,
                language=article.language or publication.language,
                readers=round(clicked * share / 100),
                machines=0,
            )
        )
    return tuple(stories)


def main() -> None:
    """Write the page into a folder of its own, photograph it and lay it out in two columns."""
    quiet = "--no-sandbox --disable-gpu --disable-background-networking --disable-sync"
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "figures.html"
        file.write_text(page(load_publication(ROOT), invented()), encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=quiet.split()
        )
        tab = browser.new_page(viewport={"width": _WIDTH, "height": 1000})
        tab.goto(file.as_uri())
        tab.wait_for_function("document.fonts.status === 'loaded'")
        whole = Image.open(BytesIO(tab.screenshot(full_page=True))).convert("RGB")
        turn = round(tab.evaluate(f"document.querySelector('{_TURN}').getBoundingClientRect().y"))
        browser.close()
    both = Image.new("RGB", (2 * _WIDTH + _GAP, turn), "#9a9a96")
    both.paste(whole.crop((0, 0, _WIDTH, turn)), (0, 0))
    both.paste(whole.crop((0, turn, _WIDTH, 2 * turn)), (_WIDTH + _GAP, 0))
    both.thumbnail((_PICTURE, _PICTURE), Image.Resampling.LANCZOS)
    both.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        PICTURE, optimize=True
    )


if __name__ == "__main__":
    main()
