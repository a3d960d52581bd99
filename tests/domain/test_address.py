"""Who is one and the same: an IPv4 address, an IPv6 network."""

from __future__ import annotations

import pytest

from kiosk.domain.address import is_loopback, place_of


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.168.1.5", "192.168.1.5"),
        ("::ffff:192.168.1.5", "192.168.1.5"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::1"),
        ("local", "local"),
        ("", ""),
    ],
)
def test_place_is_what_its_owner_cannot_choose(address: str, place: str) -> None:
    assert place_of(address) == place


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_told_from_others(address: str) -> None:
    assert is_loopback(address)
    assert is_loopback(place_of(address))


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::1", "", "local"])
def test_others_are_no_loopback(address: str) -> None:
    assert not is_loopback(place_of(address))
