"""Who is one and the same at the other end of a connection, for everything that counts by address."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

_OWN_BITS = 64  # RFC 4291 2.5.1: of an IPv6 address the last 64 are its owner's to choose
_KNOWN = 1024  # addresses kept worked out: each request asks for its own several times


@lru_cache(_KNOWN)
def place_of(address: str) -> str:
    """An IPv4 address; of an IPv6 one the network alone: whoever has one has 2⁶⁴ of them. What is neither stays."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(found) if found.is_loopback else f"{IPv6Address(int(found) >> _OWN_BITS << _OWN_BITS)}/64"


@lru_cache(_KNOWN)
def is_loopback(address: str) -> bool:
    """Of this machine: the site's own screens."""
    try:
        return ip_address(place_of(address)).is_loopback
    except ValueError:
        return False
