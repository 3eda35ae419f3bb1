"""How often something may happen, counted in the database: for all processes together."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from publisher.storage.schema import rates


@dataclass(frozen=True)
class Limit:
    """So many times in each stretch of so long."""

    times: int
    per: timedelta


def within(connection: Connection, limit: Limit, what: str, now: datetime) -> bool:
    """Count one more of `what` and say whether it is still within the limit.

    `what` is a keyed hash of at most 64 characters: nobody's address is kept.
    """
    return count_up(connection, limit.per, what, now) <= limit.times


def count_up(connection: Connection, per: timedelta, what: str, now: datetime) -> int:
    """Count one more of `what` and return how many that makes in this stretch of time."""
    start = datetime(1970, 1, 1, tzinfo=UTC)
    until = start + ((now - start) // per + 1) * per
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(rates).values(what=what, until=until, n=1)
    n = connection.scalars(
        statement.on_conflict_do_update(
            index_elements=[rates.c.what, rates.c.until], set_={"n": rates.c.n + 1}
        ).returning(rates.c.n)
    ).one()
    if n == 1:
        connection.execute(rates.delete().where(rates.c.until <= now))
    return int(n)


def network_of(address: str) -> str:
    """Return what belongs to one customer: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((int(ip), 64), strict=False))
    return str(ip)
