"""Secrets at rest: AES-256-GCM under named keys, bound to the one place where each is stored."""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import SupportsBytes
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.settings import Settings

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


class KeyringUnusable(Exception):
    """The keys for stored tokens are not usable."""

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))


class KeysMissing(KeyringUnusable):
    """No key for stored tokens is set: SIMEDSOS_TOKEN_KEYS must be `name:base64 of 32 bytes`."""


class KeysInvalid(KeyringUnusable):
    """Keys are set wrongly.

    SIMEDSOS_TOKEN_KEYS and SIMEDSOS_REGISTRY_KEYS are lists of `name:base64 of 32 bytes` with
    different names; SIMEDSOS_LOOKUP_KEY is base64 of 32 bytes, and goes with the second of them.
    """


class KeyUnknown(KeyringUnusable):
    """What is stored needs a key that is no longer named.

    Put it back at the end of SIMEDSOS_TOKEN_KEYS or SIMEDSOS_REGISTRY_KEYS.
    """


class Undecryptable(Exception):
    """A stored secret does not belong to the place where it was found, or was altered."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret is stored: it can be opened nowhere else."""

    tenant_id: UUID
    subject_id: UUID
    column: str

    def __bytes__(self) -> bytes:
        # Two ids of fixed length come first, so no two places share their bytes.
        return self.tenant_id.bytes + self.subject_id.bytes + self.column.encode()


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys by name; the first one seals, every one opens."""

    current: str
    _keys: Mapping[str, bytes] = field(repr=False)

    def seal(self, secret: str, place: SupportsBytes) -> bytes:
        """The secret under the current key, behind a fresh nonce."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = AESGCM(self._keys[self.current])
        return nonce + cipher.encrypt(nonce, secret.encode(), bytes(place))

    def open(self, sealed: bytes, place: SupportsBytes, key_id: str) -> str:
        """The secret that was sealed for this place.

        Raises:
            KeyUnknown: the key is not in the ring.
            Undecryptable: it was sealed for another place or under another key, or was altered.
        """
        key = self._keys.get(key_id)
        if key is None:
            raise KeyUnknown
        nonce, sealed = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, sealed, bytes(place)).decode()
        except (InvalidTag, ValueError):
            raise Undecryptable from None


@dataclass(frozen=True, slots=True)
class RegistryKeys:
    """What hides NIPs at rest: keys that seal them, and one by which equal ones are found.

    The look-up key is never one of the others: who has it can try all NIPs, and read none.
    """

    ring: Keyring
    _lookup: bytes = field(repr=False)

    def lookup(self, tenant_id: UUID, nip: str) -> bytes:
        """32 bytes that stand for a NIP in one government, and in no other."""
        return hmac.digest(self._lookup, tenant_id.bytes + nip.encode(), "sha256")

    def keyed(self, digest: bytes) -> bytes:
        """A digest that nobody without the key can search for the few NIPs that it may be of."""
        return hmac.digest(self._lookup, b"digest:" + digest, "sha256")


@dataclass(frozen=True, slots=True)
class Resealed:
    """What one batch came to; `last` is where the next one goes on, None at the end."""

    resealed: int
    unreadable: int
    last: UUID | None


def keyring_of(text: str | None) -> Keyring:
    """The keys of a setting: `name:base64` parted by commas, the first one seals.

    Raises:
        KeysMissing: nothing is set.
        KeysInvalid: it is set wrongly.
    """
    entries = [entry.strip() for entry in (text or "").split(",") if entry.strip()]
    if not entries:
        raise KeysMissing
    keys: dict[str, bytes] = {}
    for entry in entries:
        name, _, encoded = entry.partition(":")
        if not KEY_NAME.fullmatch(name) or name in keys:
            raise KeysInvalid
        keys[name] = _key(encoded)
    return Keyring(next(iter(keys)), keys)


def keys_of(settings: Settings) -> Keyring:
    """The keys that seal what is stored secretly.

    Raises:
        KeyringUnusable: a subclass, whose message says what to set.
    """
    return keyring_of(settings.token_keys.get_secret_value() if settings.token_keys else None)


def registry_keys_of(settings: Settings) -> RegistryKeys | None:
    """The keys that hide NIPs; None where neither setting is made.

    Raises:
        KeysInvalid: one is made wrongly, or without the other.
    """
    sealing, lookup = settings.registry_keys, settings.lookup_key
    if sealing is None and lookup is None:
        return None
    if sealing is None or lookup is None:
        raise KeysInvalid
    return RegistryKeys(keyring_of(sealing.get_secret_value()), _key(lookup.get_secret_value()))


def _key(encoded: str) -> bytes:
    """32 bytes from base64 in either alphabet, padded or not."""
    plain = encoded.strip().rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        raise KeysInvalid from None
    if len(key) != KEY_BYTES:
        raise KeysInvalid
    return key
