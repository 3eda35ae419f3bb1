"""The phone edition: an issue as a PDF to be read on a phone without zooming."""

from pathlib import Path

from publisher.config import Publication
from publisher.content.files import save
from publisher.content.issue import Issue
from publisher.problems import Problem, Severity
from publisher.render import Rendered
from publisher.render.pdf import Printed, Ruler, print_pdf
from publisher.render.phone_links import with_footer_links
from publisher.render.phone_setting import PhoneSetting
from publisher.render.templates import TEMPLATES, direction

_FILE_BYTES = 3_000_000


class Phone:
    """Makes {title}-{week}-phone.pdf in the issue's build folder."""

    name = "phone"

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Make the phone edition; see `publisher.render.Edition`."""
        roots = _roots(issue, publication)
        setting = PhoneSetting(issue, publication, Ruler(base=issue.folder, roots=roots))
        html = setting.document(setting.parts())
        printed = print_pdf(html, base=issue.folder, roots=roots)
        anchors = ["contents", *(place.anchor for place in setting.places), "back"]
        data = with_footer_links(
            printed,
            anchors,
            setting.words(publication.language),
            mirrored=direction(publication.language) == "rtl",
        )
        path = issue.build_folder / f"{publication.slug}-{issue.week}-phone.pdf"
        save(path, data)
        return Rendered(
            edition=self.name,
            files=(path,),
            problems=_problems(setting, printed, len(data)),
            pages=len(printed.leaves),
            anchors=tuple(
                (article.slug, page)
                for article in issue.articles
                if (page := printed.page_of(article.slug))
            ),
        )


def _roots(issue: Issue, publication: Publication) -> list[Path]:
    return [issue.folder, publication.root / "templates", TEMPLATES]


def _problems(setting: PhoneSetting, printed: Printed, size: int) -> tuple[Problem, ...]:
    found = [*setting.dresser.problems, *setting.plates.problems]
    found += [
        Problem(
            message=f"phone edition: {remark.text}",
            severity=Severity.ERROR if remark.serious else Severity.WARNING,
            article=setting.plates.owner(remark.subject),
            page=remark.page,
        )
        for remark in printed.remarks
    ]
    if size > _FILE_BYTES:
        message = f"the phone edition has {size / 1e6:.1f} MB, more than 3: use fewer pictures"
        found.append(Problem(message=message))
    return tuple(dict.fromkeys(found))
