"""Checking one row of a file: pure, from cells to values or faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from app.contacts.rules import AddressRefused, parse_email, parse_phone
from app.employees.rules import Category, NipRefused, parse_nip
from app.exchange.columns import (
    CATEGORIES,
    NONE_WORDS,
    STANDINGS,
    category_of,
    standing_of,
)
from app.exchange.kinds import ImportKind, ImportMode
from app.platforms.base import Platform
from app.platforms.handles import HandleRefused, normalize

LONGEST_TEXT = 300
PLATFORMS = frozenset(Platform)


# A file that would take more of the registry away than this asks for a confirmation.
SHRINKS_BY = Fraction(5, 100)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with a file.

    `full_of` narrows a full list to one category; `leavers` is how many the sender expects.
    """

    mode: ImportMode = ImportMode.PARTIAL
    full_of: Category | None = None
    dry_run: bool = False
    leavers: int | None = None


@dataclass(frozen=True, slots=True)
class Shrinking:
    """Of how many employees how many do not stand in a full list.

    `withheld`: a row of it could not be told whose it is, so nobody is taken to have left.
    """

    before: int
    leavers: int
    withheld: bool

    def too_much(self, expected: int | None) -> bool:
        """Whether more or fewer leave than was said, or so many that somebody has to say it."""
        if expected is not None:
            return expected != self.leavers
        return self.leavers > SHRINKS_BY * self.before


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is rejected; the message says how to mend it and never quotes the value."""

    column: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row's values, in the order that the merge of its kind expects."""

    values: tuple[str | None, ...]
    identity: str


Checked = Accepted | Fault
Cells = Mapping[str, str]


def nip_in(cells: Cells) -> str | None:
    """Whose row this is, whatever else is wrong with it; None where that cannot be read."""
    try:
        return parse_nip(cells.get("nip", ""))
    except NipRefused:
        return None


def _text(cells: Cells, column: str) -> str | Fault:
    value = " ".join(cells[column].split())
    if not value:
        return Fault(column, "empty", "this cell is required; fill it in")
    if len(value) > LONGEST_TEXT or not value.isprintable():
        return Fault(column, "text", f"at most {LONGEST_TEXT} printable characters")
    return value


def check_employee(cells: Cells) -> Checked:
    """(nip, name, category, unit code, position, standing, e-mail, telephone, unor id).

    Without a standing the employee keeps theirs, and a new one is active.
    """
    category = category_of(cells["category"])
    if category is None:
        known = ", ".join(word for word, _ in CATEGORIES)
        return Fault("category", "unknown_category", f"use one of: {known}")
    try:
        nip = parse_nip(cells["nip"], category)
    except NipRefused as refusal:
        return Fault("nip", refusal.code, str(refusal))
    told = cells.get("standing", "").strip()
    standing = standing_of(told) if told else None
    if told and standing is None:
        return Fault("standing", "unknown_standing", "use one of: " + ", ".join(STANDINGS))
    name, unit = _text(cells, "name"), _unit(cells)
    for value in (name, unit):
        if isinstance(value, Fault):
            return value
    assert isinstance(name, str)
    assert isinstance(unit, tuple)
    position = _printable(cells.get("position", "")) or None
    try:
        email, phone = _given(cells, "email", parse_email), _given(cells, "phone", parse_phone)
    except AddressRefused as refusal:
        return Fault(refusal.code, "address", str(refusal))
    code, unor = unit
    values = (nip, name, category.value, code, position, standing, email, phone, unor)
    return Accepted(values, nip)


def _unit(cells: Cells) -> tuple[str | None, str | None] | Fault:
    """A unit's code, or else BKN's id of it as it is compared."""
    code = " ".join(cells.get("unit_code", "").split())
    unor = "".join(cells.get("unor_id", "").split())
    if code:
        checked = _text(cells, "unit_code")
        return checked if isinstance(checked, Fault) else (checked, None)
    if not unor:
        return Fault("unit_code", "empty", "this cell is required; fill it in")
    checked = _text(cells, "unor_id")
    return checked if isinstance(checked, Fault) else (None, unor.casefold())


def _printable(cell: str) -> str:
    """What can be shown of a cell, in one line."""
    kept = " ".join(cell.split())
    if not kept.isprintable():
        kept = "".join(each for each in kept if each.isprintable())
    return kept[:LONGEST_TEXT]


def _given(cells: Cells, column: str, parse: Callable[[str], str]) -> str | None:
    # What guards a number from being computed with is no part of it.
    cell = cells.get(column, "").strip().removeprefix("'")
    return parse(cell) if cell and cell != "-" else None


def check_account(cells: Cells) -> Checked:
    """(nip, platform, handle, platform id, attested on); no platform: declares having none."""
    try:
        nip = parse_nip(cells["nip"])
    except NipRefused as refusal:
        return Fault("nip", refusal.code, str(refusal))
    account, named = cells["account"].strip(), cells["platform"].strip().casefold()
    if account.casefold() in NONE_WORDS:
        return Accepted((nip, None, None, None, None), f"{nip}:none")
    if named and named not in PLATFORMS:
        known = ", ".join(each.value for each in Platform)
        return Fault("platform", "unknown_platform", f"use one of: {known}")
    attested = _attested(cells.get("attested_on", ""))
    if isinstance(attested, Fault):
        return attested
    try:
        found = normalize(account, Platform(named) if named else None)
    except HandleRefused as refusal:
        return Fault("account", refusal.code, str(refusal))
    values = (nip, found.platform.value, found.handle, found.platform_id, attested)
    return Accepted(values, f"{nip}:{found.platform}:{found.platform_id or found.handle}")


def _attested(cell: str) -> str | Fault | None:
    if not cell.strip():
        return None
    try:
        return date.fromisoformat(cell.strip()).isoformat()
    except ValueError:
        return Fault("attested_on", "date", "a date as YYYY-MM-DD, such as 2026-11-24")


def check_work_unit(cells: Cells) -> Checked:
    """(code, name, parent code, BKN's id of the unit)."""
    code, name = _text(cells, "code"), _text(cells, "name")
    for value in (code, name):
        if isinstance(value, Fault):
            return value
    assert isinstance(code, str)
    assert isinstance(name, str)
    parent = " ".join(cells.get("parent_code", "").split()) or None
    if parent == code:
        return Fault("parent_code", "cycle", "a unit cannot be its own parent")
    unor = _printable(cells.get("bkn_unor_id", "")) or None
    return Accepted((code, name, parent, unor), code)


CHECKS: Mapping[ImportKind, Callable[[Cells], Checked]] = {
    ImportKind.EMPLOYEES: check_employee,
    ImportKind.ACCOUNTS: check_account,
    ImportKind.WORK_UNITS: check_work_unit,
}
