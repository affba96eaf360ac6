"""What an employee is, and how a NIP is read without ever guessing; pure."""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import assert_never


class Category(StrEnum):
    """The kinds of civil servant."""

    PNS = "pns"
    PPPK = "pppk"
    PPPK_PARUH_WAKTU = "pppk_paruh_waktu"


class Standing(StrEnum):
    """Kedudukan hukum: whether an employee is at work."""

    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    STUDY = "study"
    SUSPENDED = "suspended"
    RETIRED = "retired"
    DISMISSED = "dismissed"
    # Moved to another government, or gone without our knowing why.
    LEFT = "left"


class Declaration(StrEnum):
    """What an employee has said of their accounts; `undeclared` is not `declared_none`."""

    NOT_ASKED = "not_asked"
    UNDECLARED = "undeclared"
    DECLARED_NONE = "declared_none"
    DECLARED = "declared"
    VERIFIED = "verified"


class NipFault(StrEnum):
    """Why a NIP is refused."""

    EMPTY = "empty"
    NUMERIC_CELL = "numeric_cell"
    SCIENTIFIC = "scientific"
    LETTERS = "letters"
    LENGTH = "length"
    DAMAGED_TAIL = "damaged_tail"
    BIRTH_DATE = "birth_date"
    APPOINTMENT = "appointment"
    GENDER = "gender"


NIP_DIGITS = 18
SHOWN_DIGITS = 3

# The only part of a NIP that may stand in a message is how many digits it has.
MESSAGES: Mapping[NipFault, str] = {
    NipFault.EMPTY: "The NIP is empty; fill in its 18 digits.",
    NipFault.NUMERIC_CELL: (
        "The NIP cell holds a number, and Excel keeps only 15 of its digits; "
        "format the column as Text (Teks) and export again from SIMPEG."
    ),
    NipFault.SCIENTIFIC: (
        "The NIP was saved in scientific notation such as 1.99E+17, so its digits are lost; "
        "format the column as Text (Teks) and export again from SIMPEG."
    ),
    NipFault.LETTERS: "The NIP holds something other than the digits 0-9; type the digits alone.",
    NipFault.LENGTH: "A NIP has 18 digits and this one has {digits}; copy it again in full.",
    NipFault.DAMAGED_TAIL: (
        "The NIP ends in 000, which no NIP does: Excel has destroyed its last digits; "
        "format the column as Text (Teks) and export again from SIMPEG."
    ),
    NipFault.BIRTH_DATE: (
        "Digits 1-8 of the NIP are not a date of birth (YYYYMMDD); check them against the SK."
    ),
    NipFault.APPOINTMENT: (
        "Digits 9-14 of the NIP do not fit the category: a year and a month 01-12 for PNS, "
        "a year and 21-29 for PPPK; check the NIP and the category."
    ),
    NipFault.GENDER: "Digit 15 of the NIP must be 1 (male) or 2 (female); check it against the SK.",
}


class NipRefused(ValueError):
    """The value is not an undamaged NIP; `code` says why and the text how to mend it."""

    def __init__(self, code: NipFault, *, digits: int = 0) -> None:
        self.code = code
        super().__init__(MESSAGES[code].format(digits=digits))


_DIGITS = re.compile(r"[0-9]+")
_DECIMAL = re.compile(r"[0-9]+[.,][0-9]*")
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+")
_CENTURIES = ("19", "20")


def parse_nip(value: object, category: Category | None = None) -> str:
    """The 18 digits of a NIP, of this category where one is given.

    Raises:
        NipRefused: the value is damaged, or not a NIP.
    """
    nip = _digits_of(value)
    if len(nip) != NIP_DIGITS:
        raise NipRefused(NipFault.LENGTH, digits=len(nip))
    # Excel leaves 15 digits as they were, so this is the cause wherever it is found.
    if nip.endswith("000"):
        raise NipRefused(NipFault.DAMAGED_TAIL)
    if not _is_birth_date(nip[:8]):
        raise NipRefused(NipFault.BIRTH_DATE)
    if not _is_appointment(nip[8:12], int(nip[12:14]), category):
        raise NipRefused(NipFault.APPOINTMENT)
    if nip[14] not in {"1", "2"}:
        raise NipRefused(NipFault.GENDER)
    return nip


def _digits_of(value: object) -> str:
    if value is None:
        raise NipRefused(NipFault.EMPTY)
    # A number is refused even where it looks right: float64 names another plausible person.
    if not isinstance(value, str):
        raise NipRefused(NipFault.NUMERIC_CELL)
    text = "".join(value.split()).removeprefix("'")
    if not text:
        raise NipRefused(NipFault.EMPTY)
    if _SCIENTIFIC.fullmatch(text):
        raise NipRefused(NipFault.SCIENTIFIC)
    if _DECIMAL.fullmatch(text):
        raise NipRefused(NipFault.NUMERIC_CELL)
    # str.isdigit would let full-width and Arabic-Indic digits pass.
    if not _DIGITS.fullmatch(text):
        raise NipRefused(NipFault.LETTERS)
    return text


def _is_birth_date(digits: str) -> bool:
    if not digits.startswith(_CENTURIES):
        return False
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return True


def _is_appointment(year: str, code: int, category: Category | None) -> bool:
    is_month, is_contract = 1 <= code <= 12, 21 <= code <= 29  # noqa: PLR2004 - The NIP's own codes.
    if not year.startswith(_CENTURIES):
        return False
    match category:
        case None:
            return is_month or is_contract
        case Category.PNS:
            return is_month
        case Category.PPPK | Category.PPPK_PARUH_WAKTU:
            return is_contract
        case _:
            assert_never(category)


def mask_nip(nip: str) -> str:
    """A NIP of which only the sequence number shows: the digit before it tells the sex."""
    return "•" * (NIP_DIGITS - SHOWN_DIGITS) + nip[-SHOWN_DIGITS:]


def eligible(standing: Standing) -> bool:
    """Whether duties are asked of an employee of this standing."""
    return automatic_excuse(standing) is None


def automatic_excuse(standing: Standing) -> str | None:
    """The reason why nothing is asked of an employee of this standing; None for active ones."""
    match standing:
        case Standing.ACTIVE:
            return None
        case (
            Standing.ON_LEAVE
            | Standing.STUDY
            | Standing.SUSPENDED
            | Standing.RETIRED
            | Standing.DISMISSED
            | Standing.LEFT
        ):
            return standing.value
        case _:
            assert_never(standing)


class BatchOutcome(StrEnum):
    """What became of one employee of a batch."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


def differences(known: Mapping[str, object], wanted: Mapping[str, object]) -> dict[str, object]:
    """The fields of `wanted` that say something else than what is known."""
    return {name: value for name, value in wanted.items() if known[name] != value}
