"""A news site on loopback: feeds, pictures, validators, redirects, and every way to misbehave."""

import gzip
import io
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from PIL import Image

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    path: str
    headers: Mapping[str, str]
    method: str = "GET"


@dataclass
class Site:
    """The server's pages; change them while it runs."""

    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def status(self, path: str, status: int, *, head: int | None = None, **headers: str) -> str:
        """Answer with a status alone, with another one to HEAD if given."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(head or status if handler.command == "HEAD" else status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        self.answers[path] = answer
        return self.url + path

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def page(
        self,
        path: str,
        body: str | bytes,
        content_type: str = "application/rss+xml; charset=utf-8",
        *,
        status: int = 200,
        etag: str = "",
        last_modified: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Serve a page, with 304 for those who know it; return its address."""
        data = body.encode() if isinstance(body, str) else body
        more = {"ETag": etag, "Last-Modified": last_modified, **(headers or {})}

        def answer(handler: BaseHTTPRequestHandler) -> None:
            known = (etag and handler.headers.get("If-None-Match") == etag) or (
                last_modified and handler.headers.get("If-Modified-Since") == last_modified
            )
            handler.send_response(304 if known else status)
            for name, value in more.items():
                if value:
                    handler.send_header(name, value)
            if known:
                handler.end_headers()
                return
            handler.send_header("Content-Type", content_type)
            handler.send_header("Content-Length", str(len(data)))
            handler.end_headers()
            if handler.command != "HEAD":
                handler.wfile.write(data)

        self.answers[path] = answer
        return self.url + path

    def picture(
        self, path: str, *, colour: str = "teal", size: tuple[int, int] = (640, 420)
    ) -> str:
        """Serve a JPEG of one colour."""
        return self.page(path, picture_bytes(colour, size), "image/jpeg")

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        """Lead on to another address."""
        return self.page(path, "", "text/html", status=status, headers={"Location": to})

    def drip(self, path: str, *, in_headers: bool = False) -> str:
        """Send a byte now and then, for ever, in the body or before it."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            if in_headers:
                handler.wfile.write(b"X-Slow: ")
            else:
                handler.wfile.write(b"Content-Type: application/rss+xml\r\n\r\n<rss>")
            while not self.closing.wait(0.02):
                handler.wfile.write(b"x")
                handler.wfile.flush()

        self.answers[path] = answer
        return self.url + path

    def hang(self, path: str) -> str:
        """Take the request and say nothing."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            self.closing.wait(30)

        self.answers[path] = answer
        return self.url + path

    def truncated(self, path: str, body: bytes, missing: int = 1000) -> str:
        """Announce more bytes than are sent, then hang up."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Type", "application/rss+xml")
            handler.send_header("Content-Length", str(len(body) + missing))
            handler.end_headers()
            handler.wfile.write(body)
            handler.close_connection = True

        self.answers[path] = answer
        return self.url + path

    def bomb(self, path: str, megabytes: int = 200, encoding: str = "gzip") -> str:
        """Serve few bytes that unpack to very many."""
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as file:
            for _ in range(megabytes):
                file.write(b" " * 1_000_000)
        return self.page(path, packed.getvalue(), headers={"Content-Encoding": encoding})


def picture_bytes(
    colour: str = "teal", size: tuple[int, int] = (640, 420), kind: str = "JPEG"
) -> bytes:
    """Return a picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def rss(*items: str, title: str = "The Daily", language: str = "en") -> str:
    """Return an RSS 2.0 feed."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:media="http://search.yahoo.com/mrss/">'
        f"<channel><title>{escape(title)}</title><link>https://daily.example</link>"
        f"<language>{language}</language>{''.join(items)}</channel></rss>"
    )


LONG = "<p>" + "The harbour wakes before the town does, and the town knows it. " * 12 + "</p>"


def item(
    title: str = "The harbour wakes",
    *,
    link: str | None = None,
    date: str = "Wed, 18 Nov 2026 09:00:00 +0100",
    html: str = LONG,
    summary: str = "",
    more: str = "",
) -> str:
    """Return an item of an RSS feed; `link` is made from the title if not given."""
    if link is None:
        link = "https://daily.example/" + "-".join(title.lower().split())
    parts = [f"<title>{escape(title)}</title>" if title else ""]
    parts.append(f"<link>{escape(link)}</link>" if link else "")
    parts.append(f"<pubDate>{date}</pubDate>" if date else "")
    parts.append(f"<description>{escape(summary)}</description>" if summary else "")
    parts.append(f"<content:encoded>{escape(html)}</content:encoded>" if html else "")
    return f"<item>{''.join(parts)}{more}</item>"


def media(url: str, **attributes: str) -> str:
    """Return a media:content element for a picture."""
    more = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f'<media:content url={quoteattr(url)} medium="image"{more}/>'


@contextmanager
def news_site(tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """Run a site on a free port of 127.0.0.1 for as long as the block lasts."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:  # the names are http.server's
            self.do_GET()

        def do_GET(self) -> None:
            site.requests.append(Request(self.path, dict(self.headers.items()), self.command))
            answer = site.answers.get(self.path)
            try:
                if answer:
                    answer(self)
                else:
                    self.send_error(404)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of clients that hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
