"""What reminders say: complete, calm, in both languages, and accusing nobody."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from app.campaigns.models import DutyKind
from app.reminders.letters import Kind, Language, Letter, kind_of, written

LETTER = Letter(
    kind=Kind.DECLARE,
    language=Language.INDONESIAN,
    title="Pendataan {akun}",
    legal_basis="Surat Edaran Gubernur",
    document_number="555/1/2026",
    due_at=datetime(2026, 11, 27, 17, 0, tzinfo=UTC),
    official_accounts=("Pemprov (instagram)", "Diskominfo (x)"),
    unit="Dinas Pendidikan",
    people=3,
    names=("Budi", "Siti"),
)
ALL = [
    pytest.param(replace(LETTER, kind=kind, language=language), id=f"{language}-{kind}")
    for kind, language in product(Kind, Language)
]
# Whoever is reminded is not accused, threatened or told that they "do not follow".
NEVER = (
    "tidak mengikuti", "pelanggaran", "melanggar", "sanksi", "hukuman", "teguran", "wajib",
    "terlambat", "lalai", "segera", "not following", "do not follow", "violation", "sanction",
    "overdue", "failed", "must", "immediately",
)  # fmt: skip


@pytest.mark.parametrize("letter", ALL)
def test_every_letter_is_complete_and_accuses_nobody(letter):
    text = written(letter)
    whole = f"{text.subject}\n{text.body}"
    assert "Pendataan {akun}" in text.subject
    assert "555/1/2026" in text.body
    assert "{" not in whole.replace("Pendataan {akun}", "")
    assert "\n" not in text.subject
    assert [word for word in NEVER if word in whole.casefold()] == []
    assert not re.search(r"\d{18}", whole)


@pytest.mark.parametrize("kind", [Kind.DECLARE, Kind.FOLLOW])
def test_what_is_not_known_is_called_unconfirmed_and_can_be_answered(kind):
    body = written(replace(LETTER, kind=kind)).body
    assert "belum terkonfirmasi" in body
    assert "tidak sesuai" in body
    assert "bukan penilaian" in body
    if kind is Kind.FOLLOW:
        assert "- Pemprov (instagram)\n- Diskominfo (x)" in body
        assert "bukti" in body
        assert "sanggahan" in body


def test_a_letter_to_an_employee_names_nobody():
    for kind in (Kind.DECLARE, Kind.DECLARE_AHEAD, Kind.FOLLOW):
        assert "Budi" not in written(replace(LETTER, kind=kind)).body


def test_a_digest_names_people_only_where_it_may_and_not_without_end():
    digest = replace(LETTER, kind=Kind.DIGEST)
    assert "- Budi\n- Siti" in written(digest).body
    assert "3 pegawai" in written(replace(digest, names=())).body
    assert "Budi" not in written(replace(digest, names=())).body
    many = written(replace(digest, names=[f"Pegawai {n}" for n in range(60)])).body
    assert "- Pegawai 49\ndan 10 lainnya" in many
    assert "Pegawai 50" not in many
    assert "mengikuti" not in written(digest).body


def test_information_ahead_says_how_much_time_there_is():
    ahead = written(replace(LETTER, kind=Kind.DECLARE_AHEAD)).body
    assert "28 November 2026 pukul 00.00 WIB" in ahead
    assert kind_of(DutyKind.DECLARE, ahead=True) is Kind.DECLARE_AHEAD
    assert kind_of(DutyKind.DECLARE, ahead=False) is Kind.DECLARE
    assert kind_of(DutyKind.FOLLOW, ahead=False) is Kind.FOLLOW
