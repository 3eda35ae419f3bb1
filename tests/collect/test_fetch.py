"""The fetcher: where it goes, what it refuses, when it gives up."""

import gzip
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from publisher.collect.addresses import is_public
from publisher.collect.fetch import Fetched, Fetcher, Limits
from publisher.errors import CollectError
from tests.servers.site import Site, news_site

Get = Callable[..., Fetched]


def fetcher(**more: object) -> Fetcher:
    given = {
        "site": "https://sirocco.example",
        "allow_private": ("127.0.0.1",),
        "limits": Limits(read_s=0.4, fetch_s=0.6),
    }
    return Fetcher(**{**given, **more})  # type: ignore[arg-type]  # tests name what they change


@pytest.fixture
def get() -> Iterator[Get]:
    with fetcher() as opened:
        yield opened.get


def refused(get: Get, url: str, words: str) -> str:
    with pytest.raises(CollectError, match=words) as caught:
        get(url)
    return str(caught.value)


def test_it_says_who_asks(site: Site, get: Get) -> None:
    get(site.page("/feed", "hello"))
    agent = site.asked("/feed")[0].headers["User-Agent"]
    assert agent.startswith("Publisher/")
    assert agent.endswith("(+https://sirocco.example)")


def test_a_page_comes_with_its_validators(site: Site, get: Get) -> None:
    answer = get(site.page("/feed", "héllo", "text/xml; charset=utf-8", etag='"1"'))
    assert answer.body.decode() == "héllo"
    assert (answer.media_type, answer.etag) == ("text/xml", '"1"')


def test_what_has_not_changed_is_not_sent_again(site: Site, get: Get) -> None:
    url = site.page("/feed", "hello", etag='"1"')
    assert get(url, etag='"1"').not_modified
    assert get(url, etag='"0"').body == b"hello"


def test_a_304_nobody_asked_for_is_an_error(site: Site, get: Get) -> None:
    refused(get, site.page("/feed", "", status=304), "304")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "bare deflate"])
def test_packed_answers_are_unpacked(site: Site, get: Get, encoding: str) -> None:
    text = b"words " * 50_000
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = {
        "gzip": gzip.compress(text),
        "deflate": zlib.compress(text),
        "bare deflate": packer.compress(text) + packer.flush(),
    }[encoding]
    url = site.page("/feed", packed, headers={"Content-Encoding": encoding.split()[-1]})
    assert get(url).body == text


def test_a_bomb_is_stopped_early(site: Site, get: Get) -> None:
    url = site.bomb("/feed")
    begun = time.monotonic()
    refused(get, url, "larger than 25 MB")
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("br", b"\x8b\x02\x80hello\x03", "packed with br"),
        ("gzip", b"no gzip", "damaged"),
        ("gzip", gzip.compress(b"hello" * 99)[:-12], "breaks off"),
    ],
)
def test_what_cannot_be_unpacked_is_told(
    site: Site, get: Get, encoding: str, body: bytes, words: str
) -> None:
    refused(get, site.page("/feed", body, headers={"Content-Encoding": encoding}), words)


def test_a_large_answer_is_refused(site: Site) -> None:
    url = site.page("/feed", b"x" * 200_001)
    with fetcher() as opened, pytest.raises(CollectError, match=r"larger than 0\.2 MB"):
        opened.get(url, max_bytes=200_000)


@pytest.mark.parametrize("in_headers", [True, False])
def test_a_slow_drip_ends_at_the_deadline(site: Site, get: Get, in_headers: bool) -> None:
    url = site.drip("/feed", in_headers=in_headers)
    begun = time.monotonic()
    refused(get, url, "did not answer in time")
    assert time.monotonic() - begun < 3


def test_silence_ends_at_the_read_limit(site: Site, get: Get) -> None:
    refused(get, site.hang("/feed"), "did not answer in time")


def test_a_host_that_stays_silent_is_left_alone(site: Site) -> None:
    url = site.hang("/feed")
    with fetcher(limits=Limits(read_s=0.05, fetch_s=0.1)) as opened:
        for _ in range(3):
            refused(opened.get, url, "in time")
        refused(opened.get, url, "did not answer 3 times")
    assert len(site.asked("/feed")) == 3


def test_a_source_has_only_so_much_time(site: Site) -> None:
    hours = [0.0]
    url = site.page("/feed", "hello")
    with fetcher(clock=lambda: hours[0] * 3600) as opened:
        opened.get(url)
        hours[0] = 1
        refused(opened.get, url, "has taken its 600 seconds")


def test_a_cut_off_answer_is_an_error(site: Site, get: Get) -> None:
    refused(get, site.truncated("/feed", b"<rss>"), "broke off")


def test_nobody_listening_is_an_error(get: Get) -> None:
    refused(get, "http://127.0.0.1:9/feed", "cannot be reached")


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "check the address"), (403, "let .Publisher/"), (500, "tried again"), (429, "tried")],
)
def test_a_refusal_says_what_to_do(site: Site, get: Get, status: int, words: str) -> None:
    assert str(status) in refused(get, site.page("/feed", "no", status=status), words)


def test_redirects_are_followed_and_a_move_is_noticed(site: Site, get: Get) -> None:
    target = site.page("/new", "hello")
    site.redirect("/middle", "/new", 301)
    assert get(site.redirect("/moved", "/middle", 308)).moved_to == target
    assert get(site.redirect("/for-now", "/middle", 302)).moved_to == ""
    assert get(site.url + "/for-now").url == target


def test_a_redirect_loop_ends(site: Site, get: Get) -> None:
    refused(get, site.redirect("/feed", "/feed"), "redirects more than 5 times")


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f.1/",
    ],
)
def test_a_redirect_into_a_private_network_is_refused(site: Site, get: Get, target: str) -> None:
    refused(get, site.redirect("/feed", target), "not on the public internet")


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "javascript:1"]
)
def test_only_http_is_read(site: Site, get: Get, target: str) -> None:
    refused(get, target, "only http and https")
    refused(get, site.redirect("/feed", target), "only http and https")


def test_names_and_passwords_in_addresses_are_refused_and_not_repeated(get: Get) -> None:
    assert "secret" not in refused(get, "http://me:secret@127.0.0.1/", "user name")


@pytest.mark.parametrize("url", ["http://", "http://[", "http://127.0.0.1:99999/", "nonsense"])
def test_what_is_no_address_is_told(get: Get, url: str) -> None:
    refused(get, url, "not a web address")


def test_loopback_is_refused_unless_it_was_named(site: Site) -> None:
    url = site.page("/feed", "hello")
    with fetcher(allow_private=()) as opened:
        message = refused(opened.get, url, "not on the public internet")
    assert 'allow_private = ["127.0.0.1"]' in message
    assert not site.requests


def test_the_connection_goes_to_the_address_that_was_checked(site: Site) -> None:
    """DNS rebinding: the second look-up, were there one, would answer something else."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    site.page("/feed", "hello")
    with fetcher(resolve=resolve, allow_private=("intranet.example",)) as opened:
        answer = opened.get(f"http://intranet.example:{site.port}/feed")
    assert answer.body == b"hello"
    assert asked == ["intranet.example"]
    assert site.requests[0].headers["Host"] == f"intranet.example:{site.port}"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's TLS, with a certificate for intranet.example."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "intranet.example")])
    moment = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("intranet.example")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "site.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


def test_certificates_are_checked_against_the_name_not_the_address(
    authority: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, client = authority
    names = ("intranet.example", "other.example")

    def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    with news_site(server) as site:
        site.page("/feed", "hello")
        with fetcher(tls=client, allow_private=names, resolve=resolve) as opened:
            url = f"https://intranet.example:{site.port}/feed"
            assert opened.get(url).body == b"hello"
            refused(opened.get, url.replace("intranet", "other"), "CERTIFICATE_VERIFY_FAILED")
        with fetcher(allow_private=names, resolve=resolve) as strict:
            refused(strict.get, url, "CERTIFICATE_VERIFY_FAILED")


def test_of_mixed_addresses_only_public_ones_are_tried() -> None:
    def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1", "10.1.2.3"]

    with fetcher(resolve=resolve) as opened:
        refused(opened.get, "http://rebound.example/", "not on the public internet")


def test_a_name_without_addresses_is_told() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise OSError("unknown")

    with fetcher(resolve=resolve) as opened:
        refused(opened.get, "http://nowhere.example/", "no server named nowhere.example")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.1"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::ffff:0:1", "nonsense"),
    ],
)
def test_an_address_that_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111"])
def test_an_address_that_is_public(address: str) -> None:
    assert is_public(address)
