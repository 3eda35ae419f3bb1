"""The web application: every page that `publisher run` serves."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from publisher.audience.tokens import Tokens
from publisher.pipeline.desk import Desk
from publisher.render.templates import STATIC
from publisher.storage.settings import signing_keys
from publisher.web import webhooks
from publisher.web.guards import Below, SafeHeaders, SmallBodies
from publisher.web.joining import joining_pages
from publisher.web.look import Look
from publisher.web.public import public_pages
from publisher.web.webhooks import webhook_routes

_log = logging.getLogger(__name__)
_KNOWN = {404: "not_found", 405: "not_allowed", 413: "too_large", 429: "too_many"}


def create_app(desk: Desk) -> FastAPI:
    """Assemble the public pages of a publication.

    They work without JavaScript and cookies, below any path of the public address.
    """
    look = Look(desk.publication)
    tokens = Tokens(signing_keys(desk.engine, desk.secrets))
    app = FastAPI(
        title=desk.publication.title,
        redirect_slashes=False,
        openapi_url=None,
        routes=webhook_routes(desk),
    )
    app.include_router(public_pages(desk, look))
    app.include_router(joining_pages(desk, look, tokens))
    app.mount("/static", _Static(desk))

    @app.exception_handler(HTTPException)
    def refused(_request: Request, error: HTTPException) -> Response:
        return _error_page(look, error.status_code, dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def unreadable(_request: Request, _error: RequestValidationError) -> Response:
        return _error_page(look, 400, {})

    @app.exception_handler(Exception)
    def broken(_request: Request, _error: Exception) -> Response:
        # Starlette raises it again once this page is sent, and the server logs it
        return _error_page(look, 500, {})

    app.add_middleware(SmallBodies, larger={webhooks.PATH: webhooks.LARGEST_BODY})
    app.add_middleware(Below, path=look.base)
    app.add_middleware(SafeHeaders)
    return app


def _error_page(look: Look, status: int, headers: dict[str, str]) -> Response:
    kept = {name: value for name, value in headers.items() if name.lower() != "content-length"}
    try:
        return look.page("message", status=status, what=_KNOWN.get(status, "broken"), headers=kept)
    except Exception:
        # an editor's own template may be what is broken
        _log.exception("the error page cannot be shown")
        return PlainTextResponse(f"{status}\n", status, kept)


class _Static(StaticFiles):
    """Styles and fonts: the publication's own first, then ours."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(directory=STATIC)
        self.all_directories = [desk.publication.root / "templates" / "static", STATIC]

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file, to be kept if its address tells its content."""
        answer = await super().get_response(path, scope)
        if answer.status_code == 200:
            named = b"v=" in scope["query_string"] or path.endswith(".woff2")
            answer.headers["Cache-Control"] = (
                "public, max-age=31536000, immutable" if named else "no-cache"
            )
        return answer
