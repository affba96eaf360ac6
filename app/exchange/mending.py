"""What stood in the rows that an import has rejected, given back to be mended and sent again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.contacts.sealing import ContactsNotSetUp, open_cell
from app.core.crypto import (
    KeyringUnusable,
    KeyUnknown,
    Place,
    RegistryKeys,
    Undecryptable,
    keys_of,
)
from app.employees.sealing import NipUnreadable, opened_cell, registry_keys
from app.exchange import queries
from app.exchange.columns import COLUMNS
from app.exchange.kinds import ImportKind
from app.exchange.models import Import, ImportFault
from app.exchange.staging import CELLS
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.settings import Settings

# They stand behind the row's own cells, so that the file can be sent again as it is.
TOLD: Final = ("line", "column", "code", "message")
ADDRESSES: Final = ("email", "phone")
NONE: Final = "tidak punya"
Cells = Mapping[str, str]

BEARERS = text("""
SELECT DISTINCT nip.employee_id FROM import_faults AS fault
JOIN employee_nips AS nip
  ON nip.tenant_id = fault.tenant_id AND nip.nip_hash = fault.nip_hash AND nip.valid_to IS NULL
WHERE fault.tenant_id = :tenant_id AND fault.import_id = :import_id
""")


@dataclass(frozen=True, slots=True)
class Errors:
    """A table of rejected rows, and whom of the registry it tells of."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    people: Sequence[UUID]


async def errors(session: AsyncSession, settings: Settings, caller: Caller, made: Import) -> Errors:
    """Every rejected row, with what stood in it where this caller may read NIPs.

    Addresses are left out for who may not read them: an empty cell changes nothing.
    """
    found = await queries.faults(session, caller, made.id, limit=None)
    may_mend = made.kind is ImportKind.WORK_UNITS or Scope.EMPLOYEES_READ_NIP in caller.scopes
    if not may_mend:
        return Errors(TOLD, [_told(each) for each in found], ())
    names = [column.name for column in COLUMNS[made.kind]]
    reading = _Reading(session, settings, caller, made.kind)
    rows = []
    for fault in found:
        cells = reading.cells(fault)
        rows.append([*(cells.get(name, "") for name in names), *_told(fault)])
    people: Sequence[UUID] = ()
    if made.kind is not ImportKind.WORK_UNITS:
        where = {"tenant_id": made.tenant_id, "import_id": made.id}
        people = (await session.scalars(BEARERS, where)).all()
    return Errors([*names, *TOLD], rows, people)


def _told(fault: ImportFault) -> list[str]:
    return [str(fault.line), fault.column, fault.code, fault.message]


class _Reading:
    """Opens the cells of rejected rows for one caller."""

    def __init__(
        self, session: AsyncSession, settings: Settings, caller: Caller, kind: ImportKind
    ) -> None:
        self._settings = settings
        self._caller = caller
        self._kind = kind
        people = kind is not ImportKind.WORK_UNITS
        self._keys: RegistryKeys | None = registry_keys(session) if people else None
        self._hidden = () if Scope.CONTACTS_READ in caller.scopes else ADDRESSES

    def cells(self, fault: ImportFault) -> Cells:
        """What is kept of a row; nothing where nothing is kept, or its key is gone."""
        try:
            found = self._opened(fault)
        except (KeyUnknown, Undecryptable, NipUnreadable, ContactsNotSetUp, KeyringUnusable):
            return {}
        return {name: cell for name, cell in found.items() if name not in self._hidden}

    def _opened(self, fault: ImportFault) -> Cells:
        if self._keys is not None and fault.cells is not None and fault.key_id is not None:
            place = Place(fault.tenant_id, fault.id, CELLS)
            told: Cells = json.loads(self._keys.ring.open(fault.cells, place, fault.key_id))
            return told
        if fault.fields is None:
            return {}
        fields = ["" if each is None else each for each in fault.fields]
        match self._kind:
            case ImportKind.WORK_UNITS:
                names = [column.name for column in COLUMNS[ImportKind.WORK_UNITS]]
                return dict(zip(names, fields, strict=False))
            case ImportKind.ACCOUNTS:
                return self._account(fault.tenant_id, fields)
            case ImportKind.EMPLOYEES:
                return self._employee(fault.tenant_id, fields)

    def _nip(self, tenant_id: UUID, nip_hash: str, cell: str) -> str:
        assert self._keys is not None
        return opened_cell(self._keys, tenant_id, nip_hash, cell)

    def _account(self, tenant_id: UUID, fields: Sequence[str]) -> Cells:
        nip_hash, platform, handle, _, attested, sealed = fields
        return {
            "nip": self._nip(tenant_id, nip_hash, sealed),
            "platform": platform,
            "account": handle if platform else NONE,
            "attested_on": attested,
        }

    def _employee(self, tenant_id: UUID, fields: Sequence[str]) -> Cells:
        nip_hash, name, category, unit, position, standing, email, phone, sealed = fields[:9]
        return {
            "nip": self._nip(tenant_id, nip_hash, sealed),
            "name": name,
            "category": category,
            "unit_code": unit,
            "unor_id": fields[9] if len(fields) > 9 else "",  # noqa: PLR2004 - Rows once had nine.
            "position": position,
            "standing": standing,
            "email": self._address(tenant_id, email),
            "phone": self._address(tenant_id, phone),
        }

    def _address(self, tenant_id: UUID, cell: str) -> str:
        if not cell or self._hidden:
            return ""
        return open_cell(keys_of(self._settings), tenant_id, cell)
