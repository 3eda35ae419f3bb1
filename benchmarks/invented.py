"""Issues to measure with: the demo's, and invented ones.

An invented issue has real sentences in new order and painted pictures, all from one seed.
"""

import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from publisher.compose import compose
from publisher.config import Publication, load_publication
from publisher.content.articles import picture_sizes, read_articles
from publisher.content.issue import Issue, read_issue_file
from publisher.week import Week

ROOT = Path(__file__).parent.parent
WEEK = Week(2026, 47)
_SECTIONS = ("News", "Environment", "Heritage", "Science", "Opinion", "Culture")
_SIZES = ((1800, 1200), (1600, 1600), (1200, 1800), (2000, 1125))
_QUOTED, _BOXED = 450, 700  #: words from which an article may have a pull quote, a fact box
_TOML = """title = "Harmattan"
tagline = "Invented weekly"
site = "https://harmattan.example"
colour = "#1f5f8b"
[sender]
name = "Harmattan"
address = "weekly@harmattan.example"
postal = "Harmattan, 1 rue de la Mer, Tunis"
[editions]
make = ["magazine"]
theme = "{theme}"
[[house]]
title = "Write to us"
text = "Letters of up to 150 words are printed, with your name and town."
url = "https://harmattan.example/letters"
[[house]]
title = "Hear it read"
text = "Every Saturday the cover story is read to you."
url = "https://harmattan.example/heard"
[preflight]
duplicates = "off"
similar = "off"
"""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What an invented issue is like."""

    articles: int = 40
    pictures: int = 60
    median: int = 560  #: words of an article
    spread: float = 0.45  #: of the logarithm of the words (log-normal)
    seed: int = 1
    theme: str = "classic"


def invented(folder: Path, recipe: Recipe) -> tuple[Publication, Issue]:
    """Write an invented publication into a folder, and compose its issue."""
    chance = random.Random(recipe.seed)
    issue = folder / "issues" / str(WEEK)
    (issue / "articles").mkdir(parents=True)
    (issue / "pictures").mkdir()
    (folder / "publication.toml").write_text(_toml(recipe), encoding="utf-8")
    sentences = _sentences()
    for number in range(recipe.pictures):
        _paint(issue / "pictures" / f"plate-{number}.jpg", chance, number)
    shared = _shared(recipe, chance)
    for number in range(recipe.articles):
        # each article has chances of its own: longer texts must not make other ones
        own = random.Random(f"{recipe.seed}/{number}")
        words = round(own.lognormvariate(0, recipe.spread) * recipe.median)
        text = _article(number, max(120, words), shared[number], sentences, own)
        (issue / "articles" / f"piece-{number:03}.md").write_text(text, encoding="utf-8")
    publication = load_publication(folder)
    return publication, composed(publication, WEEK, issue)


def gathered(folder: Path) -> tuple[Publication, Issue]:
    """Lay the demo issue out as collecting would, and compose it."""
    publication, inbox = load_publication(ROOT), ROOT / "issues" / "inbox"
    folder.mkdir(parents=True)
    (folder / "articles").mkdir()
    for path in sorted(inbox.glob("*.md")):
        shutil.copy(path, folder / "articles")
    for name in ("pictures", "data"):
        shutil.copytree(inbox / name, folder / name)
    shutil.copy(ROOT / "issues" / str(WEEK) / "issue.toml", folder)
    return publication, composed(publication, WEEK, folder)


def composed(publication: Publication, week: Week, folder: Path) -> Issue:
    """Compose the issue from a folder that holds its articles and pictures."""
    articles, _ = read_articles(folder, publication.timezone)
    return compose(
        week,
        articles,
        read_issue_file(folder),
        publication,
        number=publication.first_number,
        folder=folder,
        sizes=picture_sizes(folder, articles),
    ).issue


def _toml(recipe: Recipe) -> str:
    sections = "".join(
        f'[[sections]]\nname = "{name}"\ncolour = "#{colour}"\n'
        for name, colour in zip(
            _SECTIONS, ("a3341f", "2f6b4f", "94611a", "1f5f8b", "7a2e4d", "6a3d8a"), strict=True
        )
    )
    return _TOML.format(theme=recipe.theme) + sections


def _sentences() -> list[str]:
    """Return the sentences of the demo's English articles."""
    found: list[str] = []
    for path in sorted((ROOT / "issues" / "inbox").glob("*.md")):
        head, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
        if re.search(r"^language: (?!en)", head, re.MULTILINE):
            continue
        for block in re.split(r"\n\s*\n", body):
            if re.match(r"[A-Z“]", block):
                found += re.split(r"(?<=[.?!])\s+", re.sub(r"\[\^\w+\]|[*_`\[\]]", "", block))
    return [one for one in found if 6 <= len(one.split()) <= 40 and "(" not in one]


def _shared(recipe: Recipe, chance: random.Random) -> list[list[int]]:
    """Share the pictures out: nearly every article has one, some have two or three."""
    found: list[list[int]] = [[] for _ in range(recipe.articles)]
    order = list(range(recipe.articles))
    chance.shuffle(order)
    for number in range(recipe.pictures):
        place = order[number % len(order)]
        if number >= len(order):
            place = chance.choice(order)
        found[place].append(number)
    return found


def _article(
    number: int, words: int, pictures: list[int], sentences: list[str], chance: random.Random
) -> str:
    title = " ".join(chance.choice(sentences).split()[: chance.randint(4, 8)]).strip("“”,.;:—")
    kind = chance.choices(("", "opinion", "interview"), (9, 1, 0))[0]
    head = [
        "---",
        f'title: "{title.replace(chr(34), "")}"',
        f"section: {chance.choice(_SECTIONS)}",
        f'standfirst: "{chance.choice(sentences).replace(chr(34), "")}"',
        f"byline: Writer {number}",
        f"url: https://harmattan.example/piece-{number}",
        *([f"kind: {kind}"] if kind else []),
    ]
    if pictures:
        head += [
            f"picture: pictures/plate-{pictures[0]}.jpg",
            "alt: An invented picture of bands and circles",
            "caption: Bands and circles.",
            "credit: Invented",
        ]
    return "\n".join([*head, "---", "", _body(words, pictures[1:], sentences, chance)])


def _body(words: int, pictures: list[int], sentences: list[str], chance: random.Random) -> str:
    blocks: list[str] = []
    count = 0
    while count < words:
        paragraph = " ".join(chance.choice(sentences) for _ in range(chance.randint(2, 5)))
        blocks.append(paragraph)
        count += len(paragraph.split())
        if chance.random() < 0.16:
            blocks.append("## " + " ".join(chance.choice(sentences).split()[:3]).strip(",.;:“”"))
    if blocks[-1].startswith("##"):
        blocks.pop()
    if count > _QUOTED and chance.random() < 0.6:
        said = chance.choice([b for b in blocks if not b.startswith("##")])
        quote = min(re.split(r"(?<=[.?!])\s+", said), key=len)
        blocks.insert(chance.randint(2, max(2, len(blocks) - 2)), f"/// quote\n{quote}\n///")
    if count > _BOXED and chance.random() < 0.3:
        lines = "\n".join(f"- {chance.choice(sentences)}" for _ in range(4))
        box = f"/// fact | In short\n{lines}\n///"
        blocks.insert(chance.randint(2, max(2, len(blocks) - 2)), box)
    for picture in pictures:
        shown = (
            f'![Bands and circles](pictures/plate-{picture}.jpg "An invented picture.")'
            '{ credit="Invented" }'
        )
        blocks.insert(chance.randint(1, max(1, len(blocks) - 1)), shown)
    return "\n\n".join(blocks) + "\n"


def _paint(path: Path, chance: random.Random, number: int) -> None:
    """Paint bands and circles, with grain so that it weighs what a photograph does."""
    width, height = _SIZES[number % len(_SIZES)]
    small = width // 4, height // 4  # what is soft need not be drawn at full size
    image = Image.new("RGB", small, _colour(chance))
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        x, y = chance.randrange(small[0]), chance.randrange(small[1])
        size = chance.randrange(20, 175)
        draw.ellipse((x - size, y - size, x + size, y + size), fill=_colour(chance))
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    grain = Image.frombytes("L", (256, 256), chance.randbytes(65536)).resize((width, height))
    image = Image.blend(image, Image.merge("RGB", (grain, grain, grain)), 0.08)
    image.save(path, "JPEG", quality=80)


def _colour(chance: random.Random) -> tuple[int, int, int]:
    return chance.randrange(30, 230), chance.randrange(30, 230), chance.randrange(30, 230)
