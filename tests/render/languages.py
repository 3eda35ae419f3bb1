"""Whole issues in French and in Arabic, composed as `publisher compose` does."""

import shutil
from dataclasses import replace
from pathlib import Path

from publisher.compose import compose
from publisher.config import Publication, load_publication
from publisher.content.articles import picture_sizes, read_articles
from publisher.content.files import save
from publisher.content.issue import Issue, IssueFile
from tests.conftest import ROOT
from tests.render.issues import WEEK

SAMPLES = Path(__file__).parent / "samples"


def sample(folder: Path, language: str) -> tuple[Issue, Publication]:
    """Compose the sample issue of a language in a folder; a region may be named, as in ar-EG."""
    base = language.split("-")[0]
    source = SAMPLES / base
    text = (source / "publication.toml").read_text(encoding="utf-8")
    save(folder / "publication.toml", text.replace(f'"{base}"', f'"{language}"', 1))
    publication = load_publication(folder)
    issue = publication.issues / str(WEEK)
    shutil.copytree(source / "articles", issue / "articles")
    (issue / "pictures").mkdir()
    articles, _ = read_articles(issue, publication.timezone)
    for name in {Path(a.picture.path).name for a in articles if a.picture}:
        shutil.copy(ROOT / "issues" / "inbox" / "pictures" / name, issue / "pictures")
    if language != base:
        articles = tuple(
            replace(a, language=language) if a.language == base else a for a in articles
        )
    composed = compose(
        WEEK,
        articles,
        IssueFile(),
        publication,
        number=7,
        folder=issue,
        sizes=picture_sizes(issue, articles),
    )
    return composed.issue, publication
