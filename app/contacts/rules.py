"""What an address looks like, how much of it is shown, and who heads a unit; pure."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from uuid import UUID

LONGEST_EMAIL = 254
LONGEST_LOCAL = 64
LONGEST_LABEL = 63
SHOWN_DIGITS = 3
HIDDEN = "•••"

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
# Without quotes, comments, spaces or letters beyond ASCII, an address can carry no second header.
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_SEPARATORS = re.compile(r"[\s().\u00a0-]")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
# Indonesian numbers: the trunk prefix, the country's own, and mobile ones without either.
_PREFIXES: Sequence[tuple[str, str]] = (("0", "+62"), ("62", "+62"), ("8", "+628"))


class Source(StrEnum):
    """Who told us an address."""

    IMPORT = "import"
    OFFICER = "officer"


class AddressFault(StrEnum):
    """Why a text is no address."""

    EMAIL = "email"
    PHONE = "phone"


MESSAGES: Mapping[AddressFault, str] = {
    AddressFault.EMAIL: "one e-mail address such as nama@sumselprov.go.id",
    AddressFault.PHONE: "one telephone number such as +6281234567890 or 081234567890, as text",
}


class AddressRefused(Exception):
    """A text is no address; it is never quoted."""

    def __init__(self, fault: AddressFault) -> None:
        self.code = fault.value
        super().__init__(MESSAGES[fault])


def parse_email(given: str) -> str:
    """An address with its domain in small letters.

    Raises:
        AddressRefused: it is none that every mail server takes.
    """
    local, at, domain = given.strip().rpartition("@")
    labels = domain.split(".")
    sound = (
        at
        and len(given.strip()) <= LONGEST_EMAIL
        and len(local) <= LONGEST_LOCAL
        and _LOCAL.fullmatch(local)
        and len(labels) > 1
        and all(len(each) <= LONGEST_LABEL and _LABEL.fullmatch(each) for each in labels)
        and not labels[-1].isdigit()
    )
    if not sound:
        raise AddressRefused(AddressFault.EMAIL)
    return f"{local}@{domain.lower()}"


def parse_phone(given: str) -> str:
    """A number in E.164; one without a country is Indonesian.

    Raises:
        AddressRefused: it is none, or one that a spreadsheet has damaged.
    """
    digits = _SEPARATORS.sub("", given.strip().removeprefix("'"))
    for prefix, written in _PREFIXES:
        if digits.startswith(prefix):
            digits = written + digits[len(prefix) :]
            break
    if not _E164.fullmatch(digits) or digits.startswith("+620"):
        raise AddressRefused(AddressFault.PHONE)
    return digits


def mask_email(address: str) -> str:
    """Enough to recognise one's own address, and too little to write to it."""
    return f"{address[0]}{HIDDEN}@{HIDDEN}.{address.rpartition('.')[2]}"


def mask_phone(number: str) -> str:
    """The last digits of a number."""
    return f"+{HIDDEN}{number[-SHOWN_DIGITS:]}"


def nearest_head(
    ancestors: Sequence[UUID], heads: Mapping[UUID, UUID], *, other_than: UUID
) -> tuple[UUID, UUID] | None:
    """The unit and its head who is told of a person: the nearest one upwards, never the person."""
    for unit in reversed(ancestors):
        head = heads.get(unit)
        if head is not None and head != other_than:
            return unit, head
    return None
