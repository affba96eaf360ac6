"""What the office writes to people, as data: formal, calm, and accusing nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.campaigns.models import DutyKind
from app.compliance.rules import Reason
from app.core.clock import JAKARTA

MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September",
    "Oktober", "November", "Desember",
)  # fmt: skip

SUBJECT = "Pemberitahuan status belum terkonfirmasi: {title}"

BODY = """Yth. Bapak/Ibu,

Sehubungan dengan {legal_basis} Nomor {document_number} ({title}), kami sampaikan bahwa {duty} \
belum terkonfirmasi. Catatan kami: {seen}.

Pemberitahuan ini bukan penilaian akhir. Apabila catatan tersebut tidak sesuai, atau terdapat \
kendala, Bapak/Ibu dapat menyampaikan tanggapan dalam waktu 3 x 24 jam, yaitu sampai dengan \
{reply_until}. Selama tanggapan diperiksa, status tersebut ditangguhkan dan nama Bapak/Ibu tidak \
dicantumkan dalam daftar. Keputusan diambil oleh pejabat yang ditunjuk dengan alasan tertulis, \
bukan oleh sistem.

Terima kasih atas perhatian dan kerja sama Bapak/Ibu."""

DUTIES: Mapping[DutyKind, str] = {
    DutyKind.DECLARE: "pendataan akun media sosial Bapak/Ibu",
    DutyKind.FOLLOW: "keikutsertaan akun Bapak/Ibu sebagai pengikut akun resmi {official_account}",
}

# Only of `unmet` is anybody told.
SEEN: Mapping[Reason, str] = {
    Reason.ABSENT_FROM_TWO_COMPLETE_LISTS: (
        "akun yang Bapak/Ibu sampaikan tidak tercantum dalam dua daftar pengikut lengkap yang "
        "diambil pada waktu yang berbeda"
    ),
    Reason.PAIR_NEGATIVE: (
        "menurut jawaban platform, akun yang Bapak/Ibu sampaikan tidak tercatat sebagai pengikut"
    ),
    Reason.UNDECLARED: "belum ada akun Bapak/Ibu yang kami terima",
    Reason.DECLARED_NONE: "Bapak/Ibu menyampaikan bahwa belum memiliki akun",
    Reason.PLATFORM_UNDECLARED: "belum ada akun Bapak/Ibu pada platform yang diminta",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a notice is about, in the words of the campaign."""

    title: str
    legal_basis: str
    document_number: str
    duty: DutyKind
    official_account: str | None
    reason: Reason
    reply_until: datetime


def moment(at: datetime) -> str:
    """A moment as people of the west of Indonesia read it: 27 November 2026 pukul 10.00 WIB."""
    local = at.astimezone(JAKARTA)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year} pukul {local:%H.%M} WIB"


def subject(letter: Letter) -> str:
    return SUBJECT.format(title=letter.title)


def body(letter: Letter) -> str:
    """The whole text of a notice; it holds no name and no number of the person."""
    duty = DUTIES[letter.duty].format(official_account=letter.official_account)
    return BODY.format(
        title=letter.title,
        legal_basis=letter.legal_basis,
        document_number=letter.document_number,
        duty=duty,
        seen=SEEN[letter.reason],
        reply_until=moment(letter.reply_until),
    )
