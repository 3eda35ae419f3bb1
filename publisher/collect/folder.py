"""A folder as a source: Markdown files with our front matter, their pictures and figures."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from publisher.collect.source import Found, PictureFile, Reading, Validators, pictures_of
from publisher.collect.text import digest, same_address
from publisher.config import SourceConfig, SourceKind
from publisher.content.article import Article, read_article, slugify, stays_below
from publisher.content.graphics import named_files
from publisher.content.pictures import MAX_BYTES, measure, normalise
from publisher.content.rows import MAX_BYTES as MAX_TABLE
from publisher.errors import CollectError, ContentError
from publisher.problems import Problem

_IMAGE = re.compile(r"!\[(?:[^\[\]\\]|\\.)*\]\(\s*<?([^)\s>]+)")


class FolderSource:
    """A folder of Markdown files, kept by the newsroom itself.

    Files and folders whose names begin with a dot or an underscore are left alone.
    """

    kind = SourceKind.FOLDER
    keeps_everything = True

    def __init__(self, config: SourceConfig, root: Path, zone: ZoneInfo) -> None:
        self.config, self.zone = config, zone
        self.folder = root / (config.path or Path())
        self._places: dict[str, Path] = {}

    @property
    def label(self) -> str:
        """The name an operator sees."""
        return self.config.label

    @property
    def address(self) -> str:
        """The folder as publication.toml names it."""
        return f"folder:{self.config.path}"

    def read(self, validators: Validators) -> Reading:
        """Read every article; a file that cannot be read is a problem, not the end."""
        if not self.folder.is_dir():
            raise CollectError(
                f"there is no folder {self.config.path}: make it, or correct path for this source"
            )
        found: list[Found] = []
        problems: list[Problem] = []
        for path in self._files():
            try:
                article = read_article(path, self.zone)
            except ContentError as error:
                problems.append(Problem(message=str(error), source=self.label))
                continue
            one = self._found(article)
            twin = next((other for other in found if other.identity == one.identity), None)
            if twin:
                problems.append(
                    Problem(
                        message=f"{path.name} is the same article as {twin.article.slug}.md"
                        " (by its url, or its name): give it a url of its own",
                        source=self.label,
                    )
                )
                continue
            self._places[one.identity] = path.parent
            found.append(one)
        return Reading(found=tuple(found), problems=tuple(problems))

    def _files(self) -> Iterator[Path]:
        for path in sorted(self.folder.rglob("*.md")):
            inner = path.relative_to(self.folder).parts
            if not any(part.startswith((".", "_")) for part in inner) and path.is_file():
                yield path

    def _found(self, article: Article) -> Found:
        tables, problems = self._tables(article)
        lead = article.picture.path if article.picture else ""
        slug = slugify(article.slug) or f"article-{digest(article.identity)[:8]}"
        extra = {key: value for key, value in article.extra.items() if key != "fetched"}
        return Found(
            identity=same_address(article.identity),
            article=replace(
                article,
                slug=slug,
                section=article.section or self.config.section,
                language=article.language or self.config.language,
                extra=extra,
            ),
            digest=digest(
                article.title,
                article.standfirst,
                article.byline,
                article.body,
                *(table.hex() for _, table in sorted(tables.items())),
            ),
            pictures=pictures_of(lead, body_pictures(article.body)),
            tables=tables,
            problems=tuple(problems),
        )

    def _tables(self, article: Article) -> tuple[dict[str, bytes], list[Problem]]:
        """Read the CSV files an article's charts name; what cannot be had is a problem."""
        beside = article.home or self.folder
        tables: dict[str, bytes] = {}
        problems: list[Problem] = []
        for name in named_files(article.body):
            path = next((p for p in (beside / name, self.folder / name) if p.is_file()), None)
            reason = ""
            if path is None or not stays_below(name):
                reason = "put it there, or mend the path"
            elif not path.resolve().is_relative_to(self.folder.resolve()):
                reason = f"it lies outside {self.config.path}: copy it there"
            elif path.stat().st_size > MAX_TABLE:
                reason = f"it has more than {MAX_TABLE / 1e6:.0f} MB: keep the rows you show"
            else:
                tables[name] = path.read_bytes()
            if reason:
                message = f"taken without the figures of {name}: {reason}"
                problems.append(Problem(message=message, source=self.label))
        return tables, problems

    def picture(self, found: Found, name: str) -> PictureFile:
        """Read a picture that lies beside its article or in the source's folder."""
        beside = self._places.get(found.identity, self.folder)
        path = next((p for p in (beside / name, self.folder / name) if p.is_file()), None)
        if path is None:
            raise CollectError(f"there is no picture {name}: put it there, or mend the path")
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise CollectError(f"the picture {name} lies outside {self.config.path}: copy it there")
        if path.stat().st_size > MAX_BYTES:
            raise CollectError(
                f"the picture {name} has more than {MAX_BYTES / 1e6:.0f} MB: save it smaller"
            )
        data = path.read_bytes()
        if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
            measure(path)  # the newsroom's own file stays as it is, if it is a picture
            return PictureFile(name=path.name, data=data)
        normal = normalise(data)
        return PictureFile(name=f"{path.stem}.{normal.extension}", data=normal.data)


def body_pictures(body: str) -> list[str]:
    """Return the relative paths of the pictures a Markdown text shows."""
    return [
        path
        for path in _IMAGE.findall(body)
        if not path.startswith(("/", "http:", "https:", "data:")) and ":" not in path
    ]
