"""Checking one row of a file: pure, from cells to values or faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from app.contacts.rules import AddressRefused, parse_email, parse_phone
from app.employees.rules import NipRefused, parse_nip
from app.exchange.columns import CATEGORIES, NONE_WORDS, STANDINGS
from app.exchange.models import ImportKind
from app.platforms.base import Platform
from app.platforms.handles import HandleRefused, normalize

LONGEST_TEXT = 300
PLATFORMS = frozenset(Platform)


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


def _text(cells: Cells, column: str) -> str | Fault:
    value = " ".join(cells[column].split())
    if not value:
        return Fault(column, "empty", "this cell is required; fill it in")
    if len(value) > LONGEST_TEXT or not value.isprintable():
        return Fault(column, "text", f"at most {LONGEST_TEXT} printable characters")
    return value


def check_employee(cells: Cells) -> Checked:
    """(nip, name, category, unit code, position, standing, e-mail address, telephone)."""
    category = CATEGORIES.get(" ".join(cells["category"].split()).casefold())
    if category is None:
        known = ", ".join(sorted(CATEGORIES))
        return Fault("category", "unknown_category", f"use one of: {known}")
    try:
        nip = parse_nip(cells["nip"], category)
    except NipRefused as refusal:
        return Fault("nip", refusal.code, str(refusal))
    standing = STANDINGS.get(" ".join(cells.get("standing", "").split()).casefold())
    if standing is None:
        return Fault(
            "standing", "unknown_standing", "use one of: " + ", ".join(filter(None, STANDINGS))
        )
    name, unit = _text(cells, "name"), _text(cells, "unit_code")
    for value in (name, unit):
        if isinstance(value, Fault):
            return value
    assert isinstance(name, str)
    assert isinstance(unit, str)
    position = " ".join(cells.get("position", "").split())[:LONGEST_TEXT] or None
    try:
        email, phone = _given(cells, "email", parse_email), _given(cells, "phone", parse_phone)
    except AddressRefused as refusal:
        return Fault(refusal.code, "address", str(refusal))
    values = (nip, name, category.value, unit, position, standing.value, email, phone)
    return Accepted(values, nip)


def _given(cells: Cells, column: str, parse: Callable[[str], str]) -> str | None:
    cell = cells.get(column, "").strip()
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
    """(code, name, parent code)."""
    code, name = _text(cells, "code"), _text(cells, "name")
    for value in (code, name):
        if isinstance(value, Fault):
            return value
    assert isinstance(code, str)
    assert isinstance(name, str)
    parent = " ".join(cells.get("parent_code", "").split()) or None
    if parent == code:
        return Fault("parent_code", "cycle", "a unit cannot be its own parent")
    return Accepted((code, name, parent), code)


CHECKS: Mapping[ImportKind, Callable[[Cells], Checked]] = {
    ImportKind.EMPLOYEES: check_employee,
    ImportKind.ACCOUNTS: check_account,
    ImportKind.WORK_UNITS: check_work_unit,
}
