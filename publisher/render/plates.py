"""Pictures of the magazine: scaled to their printed size, and judged at it."""

from collections.abc import Mapping
from pathlib import Path

from publisher.content.article import Picture
from publisher.content.markdown import picture_problems
from publisher.content.pictures import measure, rendition
from publisher.errors import ContentError
from publisher.problems import Problem, Severity
from publisher.render.pieces import Lead
from publisher.render.sheet import PPI, pixels
from publisher.render.variants import LEAST_PPI

INSIDE_BYTES = 120_000
COVER_BYTES = 350_000
_ROUNDING = 2  #: pixels an inch that rounding to whole pixels may cost


class Plates:
    """Makes the pictures of one issue and remembers what was wrong with them."""

    def __init__(
        self,
        folder: Path,
        cache: Path,
        severities: Mapping[str, Severity] | None = None,
        *,
        least_ppi: int = PPI,
        strict: bool = False,
        ppi: int = PPI,
    ) -> None:
        """`ppi` is what pictures are scaled to; above that of screens, bytes are not spared.

        Where fewer than `least_ppi` block an issue (`strict`), layouts keep to it.
        """
        self._folder, self._cache, self._least_ppi = folder, cache, least_ppi
        self.strict = strict
        self._ppi, self._sparing = ppi, ppi <= PPI
        #: by article: how bad a picture without alt text or credit is
        self._severities = severities or {}
        #: by article, file and role: a role's last setting is the one that is printed
        self._problems: dict[tuple[str, str, str], tuple[Problem, ...]] = {}
        self._owners: dict[str, str] = {}
        #: while sizes are tried, lead pictures are shown as they are, uncropped
        self.draft = False

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What an editor should know, as of the last time each picture was set."""
        return tuple(problem for found in self._problems.values() for problem in found)

    def note(self, problem: Problem) -> None:
        """Remember what else was found wrong with an article's pictures."""
        self._problems[problem.article, problem.message, "note"] = (problem,)

    def owner(self, name: str) -> str:
        """Return the slug of the article that prints a file of this name."""
        return self._owners.get(name, "")

    def file(self, lead: Lead) -> Path | None:
        """Return the file of a picture as it is printed; None while sizes are tried."""
        return None if self.draft else self.path(lead.url)

    def path(self, url: str) -> Path:
        """Return the file behind a picture's address."""
        return self._folder / url

    def ratio(self, picture: Picture) -> float | None:
        """Return width over height, or None if the picture cannot be used."""
        try:
            return measure(self._folder / picture.path).ratio
        except ContentError:
            return None

    def pixels(self, picture: Picture) -> tuple[int, int] | None:
        """Return width and height in pixels, or None if the picture cannot be used."""
        try:
            size = measure(self._folder / picture.path)
        except ContentError:
            return None
        return size.width, size.height

    def forget(self, slug: str, role: str) -> None:
        """Forget what was wrong with an article's pictures in a role: it is set anew."""
        for known in [known for known in self._problems if known[0] == slug and known[2] == role]:
            del self._problems[known]

    def resolution(self, picture: Picture, width: float, height: float) -> float:
        """Return the pixels an inch a picture has when it fills a place in millimetres."""
        size = measure(self._folder / picture.path)
        return min(size.width / width, size.height / height) * 25.4

    def lead(
        self,
        picture: Picture | None,
        slug: str,
        *,
        width: float,
        height: float,
        max_bytes: int = INSIDE_BYTES,
        role: str = "lead",
    ) -> Lead | None:
        """Return a picture cropped to a place in millimetres; `role` says what it is there for.

        None if there is none, or if it cannot be used, which is then a problem.
        """
        if picture is None:
            return None
        try:
            url = self.url(
                picture, slug, width=width, height=height, max_bytes=max_bytes, role=role
            )
        except ContentError as error:
            message = f"{picture.path} is left out: {error}"
            problem = Problem(
                message=message,
                severity=Severity.ERROR,
                article=slug,
                check="missing_picture",
                subject=picture.path,
            )
            self._problems[slug, picture.path, role] = (problem,)
            return None
        return Lead(
            url=url,
            width=round(width, 2),
            height=round(height, 2),
            alt=picture.alt,
            caption=picture.caption,
            credit=picture.credit,
        )

    def url(
        self,
        picture: Picture,
        slug: str,
        *,
        width: float,
        height: float | None = None,
        max_bytes: int = INSIDE_BYTES,
        role: str = "lead",
    ) -> str:
        """Return the address of a picture at its printed size, in millimetres.

        Raises `ContentError` when it is missing or no picture.
        """
        source = self._folder / picture.path
        if self.draft and role == "lead":
            measure(source)
            return picture.path
        made = rendition(
            source,
            self._cache,
            width=pixels(width, self._ppi),
            height=None if height is None else pixels(height, self._ppi),
            focus=picture.focus,
            quality=78 if self._sparing else 90,
            max_bytes=max_bytes if self._sparing else None,
        )
        size = measure(source)
        across = size.width / width * 25.4
        ppi = across if height is None else min(across, size.height / height * 25.4)
        self._owners[made.name] = slug
        self._problems[slug, picture.path, role] = tuple(self._wanting(picture, slug, ppi, role))
        return made.relative_to(self._folder).as_posix()

    def floor(self, slug: str) -> int:
        """Return how many pixels an inch an article's pictures should have where they can."""
        blocks = self.strict and self.severity(slug) is Severity.ERROR
        return self._least_ppi if blocks else min(self._least_ppi, LEAST_PPI)

    def severity(self, slug: str) -> Severity:
        """Return how bad it is if a picture of this article lacks alt text or credit."""
        return self._severities.get(slug, Severity.ERROR)

    def _wanting(self, picture: Picture, slug: str, ppi: float, role: str) -> list[Problem]:
        found: list[Problem] = []
        if role != "text":  # what is wanting beside a picture in the text, its body says
            found += picture_problems(picture, slug, self.severity(slug))
        if ppi < self._least_ppi - _ROUNDING:
            severity = self.severity(slug)
            found.append(
                Problem(
                    message=f"{picture.path} is printed at {ppi:.0f} pixels an inch,"
                    f" {self._least_ppi} are wanted: send a larger picture",
                    severity=severity,
                    article=slug,
                    check="ppi" if severity is Severity.ERROR else "feed_pictures",
                    subject=picture.path,
                )
            )
        return found
