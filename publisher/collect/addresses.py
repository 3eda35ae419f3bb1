"""Which machines may be asked: public ones, and those the operator named."""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address

from publisher.errors import CollectError

#: host name, port -> numeric addresses, best first
Resolve = Callable[[str, int], list[str]]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052


class NoSuchServer(CollectError):
    """The name service knows no server of this name."""


def resolve(host: str, port: int) -> list[str]:
    """Ask the system for a host's addresses; raise `OSError` when it knows none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Tell whether a numeric address belongs to the public internet.

    Addresses that carry an IPv4 address inside (mapped, 6to4, Teredo, NAT64) are
    judged by that one too: they are ways round a check of the outside alone.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(
        part.is_global and not (part.is_multicast or part.is_reserved or part.is_unspecified)
        for part in _carried(ip)
    )


def _carried(ip: IPv4Address | IPv6Address) -> Iterable[IPv4Address | IPv6Address]:
    if isinstance(ip, IPv4Address):
        return (ip,)
    if ip.ipv4_mapped:
        return (ip.ipv4_mapped,)
    if ip in _NAT64:
        return (IPv4Address(int(ip) & 0xFFFFFFFF),)
    inner: list[IPv4Address | IPv6Address] = [ip]
    if ip.sixtofour:
        inner.append(ip.sixtofour)
    if ip.teredo:
        inner.extend(ip.teredo)
    return inner


def allowed_addresses(
    host: str, port: int, allow_private: Iterable[str], resolve: Resolve
) -> list[str]:
    """Return the addresses of a host that may be connected to.

    The caller must connect to one of these, not to the name: a second look-up might
    answer something else (DNS rebinding). Raises `CollectError`.
    """
    name = host.rstrip(".").lower()
    try:
        found = resolve(host, port)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise CollectError(
                f"{host} cannot be looked up just now: is this machine on the internet?"
            ) from None
        found = []
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise NoSuchServer(f"there is no server named {host}: check the address")
    if name in {allowed.strip("[] ").rstrip(".").lower() for allowed in allow_private}:
        return found
    public = [address for address in found if is_public(address)]
    if not public:
        raise CollectError(
            f"{host} is not on the public internet, so it is not read:"
            f' if it is your own server, add allow_private = ["{host}"] to this source'
        )
    return public
