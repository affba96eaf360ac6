"""Secrets open only where, and under the key with which, they were sealed."""

import base64
import secrets
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.crypto import (
    KeysInvalid,
    KeysMissing,
    KeyUnknown,
    Place,
    Undecryptable,
    keyring_of,
)

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
HERE = Place(uuid4(), uuid4(), "connections.access_token")


def named(name: str, key: bytes) -> str:
    return f"{name}:{base64.b64encode(key).decode()}"


RING = keyring_of(named("new", NEW) + "," + named("old", OLD))


@given(st.text(max_size=5000))
def test_a_secret_opens_where_it_was_sealed(secret):
    try:
        secret.encode()
    except UnicodeEncodeError:
        return
    assert RING.open(RING.seal(secret, HERE), HERE, RING.current) == secret


def test_the_same_secret_is_never_sealed_alike():
    sealed = {RING.seal("same", HERE) for _ in range(200)}
    assert len(sealed) == len({each[:12] for each in sealed}) == 200
    assert not any(b"same" in each for each in sealed)


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(HERE, tenant_id=uuid4()),
        replace(HERE, subject_id=uuid4()),
        replace(HERE, column="connections.refresh_token"),
        replace(HERE, tenant_id=HERE.subject_id, subject_id=HERE.tenant_id),
    ],
    ids=["another-tenant", "another-row", "another-column", "swapped"],
)
def test_a_moved_secret_does_not_open(elsewhere):
    sealed = RING.seal("secret", HERE)
    with pytest.raises(Undecryptable):
        RING.open(sealed, elsewhere, RING.current)


@given(st.data())
def test_an_altered_secret_does_not_open(data):
    sealed = bytearray(RING.seal("secret", HERE))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Undecryptable):
        RING.open(bytes(sealed), HERE, RING.current)


@given(st.binary(max_size=64))
def test_bytes_that_were_never_sealed_do_not_open(sealed):
    with pytest.raises(Undecryptable):
        RING.open(sealed, HERE, RING.current)


def test_the_first_key_seals_and_every_key_opens():
    before = keyring_of(named("old", OLD))
    sealed = before.seal("secret", HERE)
    assert RING.current == "new"
    assert RING.open(sealed, HERE, "old") == "secret"
    with pytest.raises(Undecryptable):
        RING.open(sealed, HERE, "new")
    with pytest.raises(KeyUnknown, match="SIMEDSOS_TOKEN_KEYS"):
        before.open(RING.seal("secret", HERE), HERE, "new")


@pytest.mark.parametrize("text", [None, "", "  ", ",,"], ids=["none", "empty", "blank", "commas"])
def test_missing_keys_say_what_to_set(text):
    with pytest.raises(KeysMissing, match="SIMEDSOS_TOKEN_KEYS"):
        keyring_of(text)


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(OLD).decode(),
        named("a", OLD[:16]),
        named("a", OLD + OLD),
        "a:not base64!",
        named("", OLD),
        named("a b", OLD),
        named("a", OLD) + "," + named("a", NEW),
        "a:",
    ],
    ids=["no-name", "short", "long", "garbage", "empty-name", "space", "twice", "no-key"],
)
def test_keys_set_wrongly_are_refused_without_showing_them(text):
    with pytest.raises(KeysInvalid) as refused:
        keyring_of(text)
    assert text not in str(refused.value)
    assert refused.value.__cause__ is None


def test_keys_may_be_written_in_either_alphabet():
    written = base64.urlsafe_b64encode(OLD).decode().rstrip("=")
    ring = keyring_of(f"k:{written}")
    assert keyring_of(named("k", OLD)).open(ring.seal("x", HERE), HERE, "k") == "x"


def test_a_keyring_does_not_show_its_keys():
    shown = repr(RING) + str(RING)
    assert shown.startswith("Keyring(current='new')")
    assert repr(NEW) not in shown
    assert base64.b64encode(NEW).decode() not in shown
