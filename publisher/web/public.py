"""The magazine in public: home, archive, issues with their files, feed."""

import hashlib

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.staticfiles import NotModifiedResponse

from publisher.pipeline.desk import Desk
from publisher.storage.engine import reading
from publisher.web.look import Look
from publisher.web.published import public_file, published_issues

#: issues in the feed, and below the newest one on the home page
_IN_FEED, _AT_HOME = 30, 8
#: of the web edition: the sections' colours stand in style attributes; its one script starts the
#: service worker
_EDITION_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self';"
    " script-src 'self'; worker-src 'self'; connect-src 'self';"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_POLICIES = {
    ".html": _EDITION_POLICY,
    # a service worker is held to the policy that came with it
    ".js": "default-src 'none'; connect-src 'self'",
    ".svg": "default-src 'none'; style-src 'unsafe-inline'",
}
_READ = ["GET", "HEAD"]
_TYPES = {
    ".pdf": "application/pdf",
    ".epub": "application/epub+zip",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".js": "text/javascript",
}
#: shown by browsers, or handed to the program that reads them
_DISPOSITIONS = {".pdf": "inline", ".epub": "attachment"}


def public_pages(desk: Desk, look: Look) -> APIRouter:
    """Return the pages that only show; none of them changes anything."""
    router = APIRouter()

    @router.api_route("/", methods=_READ)
    def home(request: Request) -> Response:
        issues = published_issues(desk)
        answer = look.page(
            "home",
            newest=issues[0] if issues else None,
            earlier=issues[1 : 1 + _AT_HOME],
            more=len(issues) > 1 + _AT_HOME,
        )
        return _unless_known(request, answer)

    @router.api_route("/issues/", methods=_READ)
    def archive(request: Request) -> Response:
        issues = published_issues(desk)
        years = dict.fromkeys(issue.date.year for issue in issues)
        by_year = [(year, [i for i in issues if i.date.year == year]) for year in years]
        return _unless_known(request, look.page("archive", years=by_year))

    @router.api_route("/issues", methods=_READ)
    def archive_without_slash() -> Response:
        return RedirectResponse(f"{look.base}/issues/", 308)

    @router.api_route("/issues/{week}", methods=_READ)
    def issue_without_slash(week: str) -> Response:
        if public_file(desk, week, "") is None:
            raise HTTPException(404)
        return RedirectResponse(f"{look.base}/issues/{week}/", 308)

    @router.api_route("/issues/{week}/{path:path}", methods=_READ)
    def issue(request: Request, week: str, path: str) -> Response:
        file = public_file(desk, week, path)
        if file is None:
            raise HTTPException(404)
        # pictures are named after their content; what else there is may be replaced
        lasting = path.startswith("pictures/")
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if lasting else "no-cache"
        }
        if file.suffix in _POLICIES:
            headers["Content-Security-Policy"] = _POLICIES[file.suffix]
        answer = FileResponse(
            file,
            headers=headers,
            media_type=_TYPES.get(file.suffix),
            stat_result=file.stat(),
            filename=file.name if file.suffix in _DISPOSITIONS else None,
            content_disposition_type=_DISPOSITIONS.get(file.suffix, "inline"),
        )
        return _unless_known(request, answer)

    @router.api_route("/feed.xml", methods=_READ)
    def feed(request: Request) -> Response:
        issues = published_issues(desk)[:_IN_FEED]
        updated = max((issue.updated for issue in issues), default=desk.clock())
        body = look.feed(issues=issues, updated=updated)
        return _unless_known(request, Response(body, media_type="application/atom+xml"))

    @router.api_route("/healthz", methods=_READ)
    def health() -> Response:
        try:
            with reading(desk.engine) as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return Response("database unreachable\n", 503, media_type="text/plain")
        return Response("ok\n", headers={"Cache-Control": "no-store"}, media_type="text/plain")

    return router


def _unless_known(request: Request, answer: Response) -> Response:
    """Spare who has it already the body: RFC 9110, section 13.1.2."""
    if "etag" not in answer.headers:
        answer.headers["ETag"] = _etag(answer)
        answer.headers.setdefault("Cache-Control", "no-cache")
    known = request.headers.get("if-none-match", "")
    if answer.headers["etag"] in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return NotModifiedResponse(answer.headers)
    return answer


def _etag(answer: Response) -> str:
    return f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:32]}"'
