"""Where changes may be told, what answers mean, and how long a message is tried."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from app.core.posting import signing_key
from app.feed.rules import TOLD_KINDS
from app.platforms.addresses import is_public, is_public_or_inside
from app.webhooks.rules import (
    GIVEN_UP_AFTER,
    DeliveryTrouble,
    Reach,
    UrlRefused,
    checked_url,
    next_attempt,
    reach_of,
    trouble_of,
    wanted_kinds,
    written_secret,
)

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
USUAL = Reach(http=False, private_hosts=frozenset())
OWN = reach_of(http=True, private_hosts=" SIMPEG.internal, 10.0.0.5 ,")
PUBLIC, INSIDE, NEVER = "public", "inside", "never"


@pytest.mark.parametrize(
    ("address", "lies"),
    [
        ("93.184.215.14", PUBLIC),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", PUBLIC),
        ("::ffff:93.184.215.14", PUBLIC),
        ("127.0.0.1", INSIDE),
        ("127.255.255.254", INSIDE),
        ("10.1.2.3", INSIDE),
        ("172.31.255.255", INSIDE),
        ("192.168.1.1", INSIDE),
        ("::1", INSIDE),
        ("fd12:3456::1", INSIDE),
        ("::ffff:127.0.0.1", INSIDE),
        ("::ffff:192.168.1.1", INSIDE),
        ("0.0.0.0", NEVER),  # noqa: S104 - An address to be refused.
        ("::", NEVER),
        ("169.254.169.254", NEVER),
        ("::ffff:169.254.169.254", NEVER),
        ("fd00:ec2::254", NEVER),
        ("100.100.100.200", NEVER),
        ("fe80::1", NEVER),
        ("fe80::1%eth0", NEVER),
        ("224.0.0.1", NEVER),
        ("ff02::1", NEVER),
        ("255.255.255.255", NEVER),
        ("192.0.2.1", NEVER),
        ("2002:7f00:1::", NEVER),
        ("2001:0:7f00:1::", NEVER),
        ("64:ff9b::7f00:1", NEVER),
        ("::127.0.0.1", NEVER),
    ],
)
def test_where_an_address_lies(address, lies):
    parsed = ip_address(address)
    assert (is_public(parsed), is_public_or_inside(parsed)) == (lies == PUBLIC, lies != NEVER)


@pytest.mark.parametrize(
    ("url", "reach", "code"),
    [
        ("https://simpeg.example.go.id/kabar?a=b", USUAL, None),
        ("https://SIMPEG.example.go.id:8443/", USUAL, None),
        ("http://simpeg.example.go.id/", USUAL, "scheme"),
        ("http://simpeg.example.go.id/", OWN, None),
        ("//simpeg.example.go.id/", OWN, "scheme"),
        ("file:///etc/passwd", OWN, "scheme"),
        ("https://simpeg.internal/", USUAL, "host"),
        ("https://Simpeg.Internal/", OWN, None),
        ("http://10.0.0.5/", OWN, None),
        ("http://10.0.0.6/", OWN, "host"),
        ("https://127.0.0.1/", USUAL, "host"),
        ("https://2130706433/", USUAL, "host"),
        ("https://0x7f.1/", USUAL, "host"),
        ("https://[::1]/", USUAL, "host"),
        ("https://[::ffff:127.0.0.1]/", USUAL, "host"),
        ("https://localhost/", USUAL, "host"),
        ("https://localhost./", USUAL, "host"),
        ("https:///jalan", USUAL, "host"),
        ("https://a@simpeg.example.go.id/", USUAL, "credentials"),
        ("https://simpeg.example.go.id/#x", USUAL, "fragment"),
        ("https://simpeg.example.go.id\\@127.0.0.1/", USUAL, "url"),
        ("https://simpeg.example.go.id/ a", USUAL, "url"),
        ("https://simpeg.example.go.id/\r\nx: y", USUAL, "url"),
        ("https://simpég.example.go.id/", USUAL, "url"),
        ("https://simpeg.example.go.id:99999/", USUAL, "url"),
        ("https://[::1", USUAL, "url"),
    ],
)
def test_which_addresses_are_taken(url, reach, code):
    if code is None:
        assert checked_url(url, reach) == url
        return
    with pytest.raises(UrlRefused) as refused:
        checked_url(url, reach)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (200, None),
        (204, None),
        (299, None),
        (301, DeliveryTrouble.REDIRECTED),
        (307, DeliveryTrouble.REDIRECTED),
        (400, DeliveryTrouble.REFUSED),
        (404, DeliveryTrouble.REFUSED),
        (410, DeliveryTrouble.GONE),
        (429, DeliveryTrouble.REFUSED),
        (500, DeliveryTrouble.SERVER_ERROR),
        (599, DeliveryTrouble.SERVER_ERROR),
    ],
)
def test_what_an_answer_means(status, trouble):
    assert trouble_of(status) is trouble


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_attempts_grow_apart_and_end_after_three_days(share):
    now, attempts, waits = NOW, 1, []
    while (following := next_attempt(attempts, NOW, now, share)) is not None:
        waits.append(following - now)
        now, attempts = following, attempts + 1
    assert now == NOW + GIVEN_UP_AFTER
    assert timedelta(seconds=15) <= waits[0] < timedelta(seconds=30)
    assert waits[:-1] == sorted(waits[:-1])
    assert max(waits) <= timedelta(hours=6)
    assert 15 < attempts < 40


def test_an_attempt_that_nobody_has_counted_is_followed_by_another():
    assert next_attempt(0, NOW, NOW, 0.0) == NOW + timedelta(seconds=15)
    assert next_attempt(10**6, NOW, NOW, 0.0) == NOW + timedelta(hours=3)


def test_kinds_and_secrets():
    assert wanted_kinds([], TOLD_KINDS) == sorted(TOLD_KINDS)
    chosen = ["employee:updated", "session:opened"]
    assert wanted_kinds(chosen, TOLD_KINDS) == ["employee:updated"]
    assert signing_key(written_secret(b"k" * 32)) == b"k" * 32
