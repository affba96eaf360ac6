"""Where the registry and SIASN differ: a table of fields, units and appointments."""

from uuid import UUID

import pytest

from app.employees.rules import Category, Standing
from app.siasn.reading import Appointment, Servant, Unor
from app.siasn.rules import (
    Answer,
    Field,
    Registered,
    UnitHere,
    compared,
    compared_appointments,
    compared_units,
)


def ours(**changes: object) -> Registered:
    kept = {
        "id": UUID(int=1), "nip": "199001012020011001", "name": "Budi Santoso",
        "category": Category.PNS, "standing": Standing.ACTIVE, "unor_id": "A8", "position": "Guru",
    }  # fmt: skip
    return Registered(**{**kept, **changes})  # type: ignore[arg-type]  # A table of changes.


def theirs(**changes: str | None) -> Servant:
    kept: dict[str, str | None] = {
        "name": "BUDI SANTOSO", "title_before": "Drs.", "title_after": "M.Si", "unor_id": "a8",
        "position": "GURU", "standing": "Aktif", "status": "PNS",
    }  # fmt: skip
    return Servant(**{**kept, **changes})  # type: ignore[arg-type]  # A table of changes.


SAME, DIFFERS, NOT = Answer.SAME, Answer.DIFFERS, Answer.NOT_COMPARED


def test_writings_of_the_same_agree():
    assert set(compared(ours(), theirs()).values()) == {SAME}


@pytest.mark.parametrize(
    ("here", "there", "field", "answer"),
    [
        (ours(name="Drs. Budi Santoso, M.Si."), theirs(), Field.NAME, SAME),
        (ours(name="Budi Santoso M.Si"), theirs(), Field.NAME, SAME),
        (ours(name="Budi Santosa"), theirs(), Field.NAME, DIFFERS),
        (ours(name="Budi Santoso, S.H."), theirs(), Field.NAME, DIFFERS),
        (ours(unor_id="B9"), theirs(), Field.UNIT, DIFFERS),
        (ours(unor_id=None), theirs(), Field.UNIT, NOT),
        (ours(), theirs(unor_id=None), Field.UNIT, NOT),
        (ours(position="Kepala"), theirs(), Field.POSITION, DIFFERS),
        (ours(position=None), theirs(), Field.POSITION, NOT),
        (ours(), theirs(position=None), Field.POSITION, NOT),
        (ours(), theirs(standing="Pensiun"), Field.STANDING, DIFFERS),
        (ours(standing=Standing.ON_LEAVE), theirs(standing="CLTN"), Field.STANDING, SAME),
        (ours(), theirs(standing="Masa Persiapan Pensiun"), Field.STANDING, NOT),
        (ours(), theirs(standing=None), Field.STANDING, NOT),
        (ours(category=Category.PPPK), theirs(), Field.STATUS, DIFFERS),
        (ours(category=Category.PPPK_PARUH_WAKTU), theirs(status="PPPK"), Field.STATUS, SAME),
        (ours(category=Category.PPPK), theirs(status="PPPK Paruh Waktu"), Field.STATUS, DIFFERS),
        (ours(), theirs(status="CPNS"), Field.STATUS, SAME),
        (ours(), theirs(status="Lainnya"), Field.STATUS, NOT),
    ],
)
def test_each_field(here, there, field, answer):
    found = compared(here, there)
    assert found.pop(field) is answer
    assert set(found.values()) == {SAME}


def test_units_are_compared_by_the_id_of_bkn():
    here = [
        UnitHere("1", "Provinsi", "R", None),
        UnitHere("1.1", "Dinas Pendidikan", "A8", "R"),
        UnitHere("1.2", "Dinas Kesehatan", "b9", "R"),
        UnitHere("1.3", "Biro Umum", "C1", "R"),
        UnitHere("1.4", "Biro Hukum", None, "R"),
        UnitHere("1.5", "UPTD", "D2", "R"),
        UnitHere("1.6", "UPTD lain", "d2", "R"),
    ]
    there = [
        Unor("R", "PROVINSI", "PUSAT"),
        Unor("A8", "Dinas Pendidikan", "r"),
        Unor("B9", "Dinas Kesehatan Provinsi", "A8"),
        Unor("D2", "UPTD", "R"),
        Unor("E3", "Badan", "R"),
    ]
    found = compared_units(here, there)
    assert found.same == 2
    assert (found.other_name, found.other_place) == (["1.2"], ["1.2"])
    assert (found.unknown_there, found.without_id) == (["1.3"], ["1.4"])
    assert (found.shared_id, found.only_there) == (["1.5", "1.6"], ["E3"])


def test_appointments_count_each_nip_once():
    lines = [Appointment(nip, None) for nip in ("1", "1", "2", None)]
    found = compared_appointments({"1", "9"}, lines)
    assert (found.lines, found.without_nip, found.registered, found.lacking) == (4, 1, 1, ["2"])
