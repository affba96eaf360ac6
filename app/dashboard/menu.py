"""Which pages there are, and who is shown the way to each."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the menu: its address, its name, and the scopes without which it shows nothing."""

    path: str
    name: str
    scopes: frozenset[str] = frozenset()


PAGES: Final = (
    Entry("/ringkasan", "Ringkasan", frozenset({"campaigns:read", "compliance:read"})),
    Entry("/akun-resmi", "Akun resmi", frozenset({"official_accounts:read"})),
    Entry("/kampanye", "Kampanye", frozenset({"campaigns:read"})),
    Entry("/kepatuhan", "Kepatuhan", frozenset({"campaigns:read", "compliance:read"})),
    Entry("/pegawai", "Pegawai", frozenset({"employees:read"})),
    Entry("/impor", "Impor", frozenset({"imports:read"})),
    Entry("/daftar-pengikut", "Daftar pengikut", frozenset({"official_accounts:read"})),
    Entry("/sanggahan", "Sanggahan", frozenset({"compliance:read_people"})),
    Entry("/laporan", "Laporan", frozenset({"reports:read"})),
    Entry("/pengumpul", "Pengumpul", frozenset({"official_accounts:read"})),
    Entry("/integrasi", "Integrasi", frozenset({"keys:read", "webhooks:read"})),
    Entry("/saya", "Saya", frozenset({"me:read"})),
)


def menu_of(scopes: AbstractSet[str], *, unit_head: bool, is_employee: bool) -> tuple[Entry, ...]:
    """The pages that show something to who holds these scopes."""
    # Files, reports and keys concern the whole government.
    beyond = {"/impor", "/laporan", "/integrasi"} if unit_head else set()
    # A key may hold the scope and yet be nobody in the registry.
    beyond |= set() if is_employee else {"/saya"}
    return tuple(each for each in PAGES if each.scopes <= scopes and each.path not in beyond)
