"""What is written to people accuses nobody and names nobody."""

from datetime import UTC, datetime
from inspect import getsource

import pytest

from app.campaigns.models import DutyKind
from app.compliance.rules import Reason
from app.disputes import wording
from app.disputes.wording import SEEN, Letter, body, moment, subject

ACCUSING = (
    "pelanggaran", "melanggar", "sanksi", "hukuman", "teguran", "lalai", "bersalah", "tidak patuh",
    "tidak mengikuti", "gagal",
)  # fmt: skip
OF_UNMET = {
    DutyKind.FOLLOW: {Reason.ABSENT_FROM_TWO_COMPLETE_LISTS, Reason.PAIR_NEGATIVE},
    DutyKind.DECLARE: {Reason.UNDECLARED, Reason.DECLARED_NONE, Reason.PLATFORM_UNDECLARED},
}


def letter(duty: DutyKind, reason: Reason) -> Letter:
    return Letter(
        title="Ikuti akun resmi",
        legal_basis="Surat Edaran Gubernur",
        document_number="555/1/2026",
        duty=duty,
        official_account="Pemprov Sumsel" if duty is DutyKind.FOLLOW else None,
        reason=reason,
        reply_until=datetime(2026, 12, 31, 17, 30, tzinfo=UTC),
    )


def test_every_reason_of_an_unmet_verdict_has_words():
    assert set(SEEN) == set().union(*OF_UNMET.values())


@pytest.mark.parametrize(
    ("duty", "reason"),
    [
        pytest.param(duty, reason, id=reason)
        for duty in OF_UNMET
        for reason in sorted(OF_UNMET[duty])
    ],
)
def test_a_notice_is_calm_and_says_how_to_reply(duty, reason):
    written = body(letter(duty, reason))
    assert "belum terkonfirmasi" in written
    assert "3 x 24 jam" in written
    assert "1 Januari 2027 pukul 00.30 WIB" in written
    assert ("Pemprov Sumsel" in written) is (duty is DutyKind.FOLLOW)
    assert "None" not in written
    assert "{" not in written
    assert "belum terkonfirmasi" in subject(letter(duty, reason))
    for word in ACCUSING:
        assert word not in written.lower()


def test_no_accusing_word_stands_anywhere_among_the_texts():
    texts = getsource(wording).lower()
    assert [word for word in ACCUSING if word in texts] == []


def test_moments_are_written_as_people_read_them():
    assert moment(datetime(2026, 8, 17, 3, 5, tzinfo=UTC)) == "17 Agustus 2026 pukul 10.05 WIB"
