"""Reading SIASN's answers: the named fields and no other, and never a guess.

What SIASN sends beside them (NIK, religion, address, salary, family, telephone) is left in the
bytes: no value that this module gives out can hold it.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import orjson

from app.siasn.errors import LoginPage, NoSuchEmployee, NotUnderstood, Refused

GOOD: Final = 1
BAD: Final = 0
# How SIASN writes that there is no date.
NO_DATE: Final = date(1, 1, 1)
# The one wording that means that a person is not there; every other is an error.
NOT_FOUND: Final = "data tidak ditemukan"
LONGEST_TEXT: Final = 500
LONGEST_NUMBER: Final = 18
# The API manager's own numbers of errors: 900901 is a token that is wrong or has expired.
FAULTS: Final = range(900_900, 901_000)
MOST_SECONDS: Final = 86_400
_DAY: Final = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})")
_NUMBER: Final = re.compile(r"-?[0-9]+")
# What a header may hold; a token of other characters could add a header of its own.
TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]+")


@dataclass(frozen=True, slots=True)
class ApimToken:
    """The API manager's token, and for how many seconds it is good."""

    value: str = field(repr=False)
    seconds: int


@dataclass(frozen=True, slots=True, repr=False)
class Servant:
    """What SIASN says of one civil servant; None where it says nothing."""

    name: str
    title_before: str | None
    title_after: str | None
    unor_id: str | None
    position: str | None
    standing: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class Unor:
    """An organisational unit as SIASN has it; `above` is the id of the one above it."""

    id: str
    name: str
    above: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Appointment:
    """One line of a year's appointments; the NIP is None until BKN has given one."""

    nip: str | None
    approved_on: date | None


def payload_of(content: bytes) -> Any:
    """What lies in an answer's envelope.

    Raises:
        NoSuchEmployee: the envelope says so, in the one wording that means it.
        Refused: it reports another error.
        LoginPage: it is a page for people.
        NotUnderstood: it is no such envelope.
    """
    envelope = _object(_document(content))
    code = number_of(envelope.get("code"))
    if code == GOOD:
        if "data" not in envelope:
            raise NotUnderstood("an envelope without data")
        return envelope["data"]
    if code == BAD and _says_not_found(envelope):
        raise NoSuchEmployee
    raise Refused("an error in the envelope")


def _says_not_found(envelope: dict[str, Any]) -> bool:
    """Whether message and data say nothing but that: data beside it would contradict."""
    said = {_folded(envelope.get(name)) for name in ("message", "data")} - {""}
    return said == {NOT_FOUND}


def _folded(value: object) -> str:
    if value is None or value in ([], {}):
        return ""
    if not isinstance(value, str):
        return "something else"
    return " ".join(value.split()).strip(" .!").casefold()


def token_of(content: bytes) -> ApimToken:
    """The API manager's answer to the consumer key.

    Raises:
        LoginPage: it is a page for people.
        NotUnderstood: it is no token.
    """
    told = _object(_document(content))
    value, seconds = told.get("access_token"), number_of(told.get("expires_in"))
    if not isinstance(value, str) or not TOKEN.fullmatch(value):
        raise NotUnderstood("no usable token")
    if seconds <= 0:
        raise NotUnderstood("a token without a lifetime")
    return ApimToken(value, min(seconds, MOST_SECONDS))


def is_apim_fault(content: bytes) -> bool:
    """Whether a refusal is the API manager's own, and not SIASN's behind it."""
    try:
        told = _object(_document(content))
        fault = told.get("fault", told)
        return number_of(_object(fault).get("code")) in FAULTS
    except (NotUnderstood, LoginPage):
        return False


def servant_of(payload: object, nip: str) -> Servant:
    """The civil servant of an answer to a question about this NIP.

    Raises:
        NotUnderstood: it is none, or it tells of somebody else.
    """
    told = _object(payload)
    if text_of(told.get("nipBaru")) != nip:
        raise NotUnderstood("another employee than was asked for")
    name = text_of(told.get("nama"))
    if name is None:
        raise NotUnderstood("an employee without a name")
    return Servant(
        name=name,
        title_before=text_of(told.get("gelarDepan")),
        title_after=text_of(told.get("gelarBelakang")),
        unor_id=text_of(told.get("unorId")),
        position=text_of(told.get("jabatanNama")),
        standing=text_of(told.get("kedudukanPnsNama")),
        status=text_of(told.get("statusPegawai")),
    )


def units_of(payload: object) -> Sequence[Unor]:
    """The units of an answer, each once.

    Raises:
        NotUnderstood: it is no list of units, or an empty one, which no government has.
    """
    units: dict[str, Unor] = {}
    for told in _objects(payload):
        unor_id, name = text_of(told.get("Id")), text_of(told.get("NamaUnor"))
        if unor_id is None or name is None:
            raise NotUnderstood("a unit without an id or a name")
        unit = Unor(unor_id, name, text_of(told.get("DiatasanId")))
        if units.setdefault(unor_id.casefold(), unit) != unit:
            raise NotUnderstood("two units with one id")
    if not units:
        raise NotUnderstood("an empty list of units")
    return list(units.values())


def appointments_of(payload: object) -> Sequence[Appointment]:
    """The lines of a year's appointments; a year may have none.

    Raises:
        NotUnderstood: it is no such list.
    """
    return [
        Appointment(_nip_of(told.get("nip")), day_of(told.get("tgl_pertek")))
        for told in _objects(payload)
    ]


def _nip_of(value: object) -> str | None:
    """A NIP; only as text, since a number has lost its last digits on the way."""
    if isinstance(value, int | float):
        raise NotUnderstood("a NIP that is a number")
    return text_of(value)


def text_of(value: object) -> str | None:
    """A text, or a whole number as one; None where there is nothing.

    Raises:
        NotUnderstood: it is something else, too long, or holds characters that are none.
    """
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise NotUnderstood("not the expected text")
    text = " ".join(value.split())
    if any(unicodedata.category(each) in {"Cc", "Cs", "Cn"} for each in text):
        raise NotUnderstood("not the expected text")
    return text or None


def number_of(value: object) -> int:
    """A whole number, which SIASN also writes as text.

    Raises:
        NotUnderstood: it is none.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER and _NUMBER.fullmatch(value.strip()):
        return int(value)
    raise NotUnderstood("not the expected number")


def day_of(value: object) -> date | None:
    """A day, written DD-MM-YYYY; None where there is none, which may be written 01-01-0001.

    Raises:
        NotUnderstood: it is no day.
    """
    text = text_of(value)
    if text is None:
        return None
    parts = _DAY.fullmatch(text)
    try:
        day = date(*(int(part) for part in reversed(parts.groups()))) if parts else None
    except ValueError:
        day = None
    if day is None:
        raise NotUnderstood("not the expected date")
    return None if day == NO_DATE else day


def _document(content: bytes) -> Any:
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise LoginPage("a web page")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        # The error would carry the whole document with it.
        raise NotUnderstood("broken JSON" if content else "an empty answer") from None


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotUnderstood("not the expected object")
    return value


def _objects(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise NotUnderstood("not the expected list")
    return [_object(each) for each in value]
