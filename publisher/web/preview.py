"""The preview: one issue on this machine, refreshed in place when a file is saved."""

import asyncio
import ipaddress
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Literal

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from publisher.config import Publication
from publisher.errors import ConfigError
from publisher.render import editions_of
from publisher.render.links import Links
from publisher.render.templates import STATIC, TEMPLATES
from publisher.web.dressing import POLICY, dress, keep_at_home
from publisher.web.live import Editions, Live
from publisher.web.shown import Shown
from publisher.week import Week

Edition = Literal["email", "web"]
Scheme = Literal["light", "dark"]

LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")
#: seconds between signs of life to the page
_PULSE = 15.0
_LISTEN = 0.25
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
_SERVED = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".svg", ".pdf", ".css", ".woff2", ".ttf"}


def serve_preview(
    publication: Publication,
    week: Week,
    *,
    host: str = "127.0.0.1",
    port: int,
    announce: Callable[[str], None],
    editions: Editions = editions_of,
) -> None:
    """Show a week's issue in the browser until interrupted.

    `announce` is told where to look, and how long every refresh took. Raises
    `ConfigError` if host is not this machine or the port is taken.
    """
    Preview(publication, week, host=host, port=port, announce=announce, editions=editions).serve()


class Preview:
    """The preview's server and the thread that keeps the issue up to date."""

    def __init__(
        self,
        publication: Publication,
        week: Week,
        *,
        host: str,
        port: int,
        announce: Callable[[str], None],
        editions: Editions,
    ) -> None:
        self.live = Live(publication, week, editions, announce=announce)
        self._socket = _listen(host, port)
        self.url = f"http://{'localhost' if host == 'localhost' else _written(host)}:{self.port}"
        self._announce = announce
        self._stop = Event()
        config = uvicorn.Config(
            make_app(self.live, self._stop),
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config, self._stop)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._socket.getsockname()[1])

    def serve(self) -> None:
        """Work until `stop` or an interrupt."""
        worker = Thread(target=self.live.run, args=(self._stop,), name="preview", daemon=True)
        worker.start()
        self._announce(f"Look at {self.live.week} at {self.url} (Ctrl-C ends it)")
        try:
            self._server.run(sockets=[self._socket])
        except KeyboardInterrupt:
            pass
        finally:
            self._stop.set()
            self._socket.close()
            worker.join(timeout=2)
            self.live.pictures.close()

    def stop(self) -> None:
        """End `serve` from another thread."""
        self._stop.set()
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Tells open event streams to end when the server is asked to."""

    def __init__(self, config: uvicorn.Config, stop: Event) -> None:
        super().__init__(config)
        self._ending = stop

    def handle_exit(self, sig: int, frame: object) -> None:
        self._ending.set()
        super().handle_exit(sig, frame)  # type: ignore[arg-type]  # a frame, which only debuggers need


def _listen(host: str, port: int) -> socket.socket:
    """Open the port; only this machine may look, for the preview has no password."""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise ConfigError(
            f"the preview has no password and cannot listen on {host}: use 127.0.0.1,"
            " and an SSH tunnel to look from another machine"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError:
        raise ConfigError(
            f"port {port} is taken: another preview may be running; choose another --port"
        ) from None


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def make_app(live: Live, stop: Event) -> FastAPI:
    """Return the preview's pages; all of them only read, but for the check of links."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    env = Environment(
        # only our own templates: the editor's may be broken just now
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
    )

    @app.get("/")
    def page() -> HTMLResponse:
        html = env.get_template("web/preview/page.html").render(shown=live.shown)
        return HTMLResponse(html, headers={"Content-Security-Policy": _PAGE_POLICY})

    @app.get("/state")
    def state() -> JSONResponse:
        return JSONResponse(live.shown.as_json())

    @app.get("/events")
    async def events() -> StreamingResponse:
        return StreamingResponse(_events(live, stop), media_type="text/event-stream")

    @app.post("/links", status_code=202)
    def ask_links(request: Request) -> JSONResponse:
        origin = request.headers.get("origin", "")
        if origin != f"{request.url.scheme}://{request.headers.get('host', '')}":
            raise HTTPException(403, "only the preview's own page may ask this")
        return JSONResponse({"started": live.ask_links()}, status_code=202)

    @app.get("/pages/{digest}/{width}.jpg")
    def page_picture(digest: str, width: int) -> Response:
        data = live.pictures.picture(digest, width)
        if data is None:
            raise HTTPException(404, "this page has changed meanwhile")
        forever = {"Cache-Control": "private, max-age=31536000, immutable"}
        return Response(data, media_type="image/jpeg", headers=forever)

    @app.get("/{edition}/{scheme}/")
    def document(edition: Edition, scheme: Scheme) -> HTMLResponse:
        html = live.documents.get(edition)
        if html is None:
            raise HTTPException(404, f"the {edition} edition is not made yet")
        html = dress(html, dark=scheme == "dark")
        html = keep_at_home(html, Links(live.publication, live.week), f"/web/{scheme}/")
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})

    @app.get("/magazine/{name}.pdf")
    def magazine(name: str) -> FileResponse:
        made = live.rendered.get("magazine")
        if made is None or made.files[0].stem != name:
            raise HTTPException(404, "the magazine is not made yet")
        return FileResponse(made.files[0], media_type="application/pdf")

    @app.get("/web/{scheme}/{path:path}")
    def beside_the_web_edition(scheme: Scheme, path: str) -> Response:
        file = _public_file(live, path)
        if file is None:
            raise HTTPException(404, "there is no such file")
        if file.suffix == ".css":
            css = dress(file.read_text(encoding="utf-8"), dark=scheme == "dark")
            return Response(css, media_type="text/css")
        # browsers show no PDF under this policy; drawings need it, for they may hold scripts
        policy = {"Content-Security-Policy": POLICY} if file.suffix == ".svg" else None
        return FileResponse(file, headers=policy)

    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_middleware(_Guard)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK, www_redirect=False)
    return app


class _Guard:
    """Keep other sites' pages from showing ours, and caches from keeping what changes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Cache-Control", "no-store")
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                headers["Referrer-Policy"] = "no-referrer"
            await send(message)

        await self.app(scope, receive, guarded)


def _public_file(live: Live, path: str) -> Path | None:
    """Find what the public pages will serve beside the web edition: pictures, cover, PDF."""
    build = (live.folder / "build").resolve()
    for folder in (build / "web", build):
        try:
            file = (folder / path).resolve()
        except (ValueError, OSError):  # a null byte, a name too long
            return None
        if file.is_relative_to(folder) and file.suffix in _SERVED and file.is_file():
            return file
    return None


async def _events(live: Live, stop: Event) -> AsyncIterator[str]:
    """Yield what is shown now, then every change, as server-sent events."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[Shown] = asyncio.Queue()

    def hand_over(shown: Shown) -> None:
        with suppress(RuntimeError):  # the server ended meanwhile
            loop.call_soon_threadsafe(arrived.put_nowait, shown)

    leave = live.listen(hand_over)
    try:
        yield _event(live.shown.as_json())
        quiet = 0.0
        while not stop.is_set():
            try:
                # short waits: an interrupted server must not wait for its readers
                shown = await asyncio.wait_for(arrived.get(), _LISTEN)
            except TimeoutError:
                quiet += _LISTEN
                if quiet >= _PULSE:
                    quiet = 0.0
                    yield ": still here\n\n"
            else:
                quiet = 0.0
                yield _event(shown.as_json())
    finally:
        leave()


def _event(data: Mapping[str, object]) -> str:
    return f"retry: 1000\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
