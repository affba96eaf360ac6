"""What a reminder says, as data: formal, calm, and accusing nobody; no number of a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.campaigns.models import DutyKind
from app.disputes.wording import moment

NAMES_AT_MOST: Final = 50


class Language(StrEnum):
    """The language of a letter; Indonesian unless a plan says otherwise."""

    INDONESIAN = "id"
    ENGLISH = "en"


class Kind(StrEnum):
    """What a letter is for."""

    DECLARE = "declare"
    DECLARE_AHEAD = "declare_ahead"
    FOLLOW = "follow"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a reminder is about. `names` are people of the head's own unit, and only for a head."""

    kind: Kind
    language: Language
    title: str
    legal_basis: str
    document_number: str
    due_at: datetime
    official_accounts: Sequence[str] = ()
    unit: str = ""
    people: int = 0
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A subject and a body of plain text."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message on its way; its id stays the same however often it is sent."""

    id: str
    campaign_id: str
    created_at: datetime
    to: str = field(repr=False)
    text: Text = field(repr=False)


SUBJECTS: Mapping[tuple[Language, Kind], str] = {
    (Language.INDONESIAN, Kind.DECLARE): "Pengingat pendataan akun media sosial: {title}",
    (Language.INDONESIAN, Kind.DECLARE_AHEAD): "Informasi pendataan akun media sosial: {title}",
    (Language.INDONESIAN, Kind.FOLLOW): "Pengingat konfirmasi akun media sosial: {title}",
    (Language.INDONESIAN, Kind.DIGEST): "Pendataan akun media sosial pada {unit}: {title}",
    (Language.ENGLISH, Kind.DECLARE): "Reminder to register social media accounts: {title}",
    (Language.ENGLISH, Kind.DECLARE_AHEAD): "Registering social media accounts: {title}",
    (Language.ENGLISH, Kind.FOLLOW): "Reminder to confirm a social media account: {title}",
    (Language.ENGLISH, Kind.DIGEST): "Registering social media accounts in {unit}: {title}",
}

_HELP: Final = (
    "Apabila Bapak/Ibu telah melakukannya, tidak memiliki akun, terdapat kendala, atau catatan "
    "kami tidak sesuai, mohon menyampaikannya kepada pengelola kepegawaian di unit kerja "
    "Bapak/Ibu; penjelasan tersebut akan dicatat. Pesan ini dikirim secara otomatis, bukan "
    "penilaian, dan tidak perlu dibalas. Kami tidak pernah meminta kata sandi.\n\n"
    "Terima kasih atas perhatian dan kerja sama Bapak/Ibu."
)
_HELP_ENGLISH: Final = (
    "If you have already done so, have no account, meet any difficulty, or if our record is not "
    "correct, please tell the personnel administrator of your unit; what you say will be "
    "recorded. This message is sent automatically, is no assessment, and needs no reply. We "
    "never ask for a password.\n\nThank you for your attention and cooperation."
)

BODIES: Mapping[tuple[Language, Kind], str] = {
    (Language.INDONESIAN, Kind.DECLARE): (
        "Yth. Bapak/Ibu,\n\n"
        "Sehubungan dengan {legal_basis} Nomor {document_number} ({title}), pendataan akun media "
        "sosial Bapak/Ibu belum terkonfirmasi. Mohon berkenan menyampaikan akun yang dimiliki "
        "melalui pengelola kepegawaian di unit kerja Bapak/Ibu.\n\n" + _HELP
    ),
    (Language.INDONESIAN, Kind.DECLARE_AHEAD): (
        "Yth. Bapak/Ibu,\n\n"
        "Sekadar informasi, sehubungan dengan {legal_basis} Nomor {document_number} ({title}), "
        "pendataan akun media sosial dapat disampaikan sampai dengan {due}. Masih tersedia waktu; "
        "akun dapat disampaikan melalui pengelola kepegawaian di unit kerja Bapak/Ibu.\n\n" + _HELP
    ),
    (Language.INDONESIAN, Kind.FOLLOW): (
        "Yth. Bapak/Ibu,\n\n"
        "Sehubungan dengan {legal_basis} Nomor {document_number} ({title}), keikutsertaan akun "
        "Bapak/Ibu pada akun resmi berikut belum terkonfirmasi:\n{official_accounts}\n\n"
        "Belum terkonfirmasi dapat terjadi karena akun belum diverifikasi atau karena platform "
        "tidak menampilkannya. Bapak/Ibu dapat menyampaikan bukti atau meminta verifikasi akun, "
        "dan dapat menyampaikan sanggahan; selama sanggahan diperiksa, nama Bapak/Ibu tidak "
        "dicantumkan dalam daftar.\n\n" + _HELP
    ),
    (Language.INDONESIAN, Kind.DIGEST): (
        "Yth. Bapak/Ibu Pimpinan {unit},\n\n"
        "Sehubungan dengan {legal_basis} Nomor {document_number} ({title}), pendataan akun media "
        "sosial dari {people} pegawai di lingkungan {unit} belum kami terima. Mohon bantuan "
        "Bapak/Ibu untuk menyampaikan informasi ini dan membantu apabila terdapat kendala."
        "{names}\n\n"
        "Pesan ini hanya mengenai pendataan akun, dikirim secara otomatis, dan bukan penilaian "
        "terhadap pegawai. Mohon tidak diteruskan kepada pihak lain.\n\n"
        "Terima kasih atas perhatian dan kerja sama Bapak/Ibu."
    ),
    (Language.ENGLISH, Kind.DECLARE): (
        "Dear Sir or Madam,\n\n"
        "With regard to {legal_basis} No. {document_number} ({title}), the registration of your "
        "social media accounts is not confirmed yet. Please tell the personnel administrator of "
        "your unit which accounts you have.\n\n" + _HELP_ENGLISH
    ),
    (Language.ENGLISH, Kind.DECLARE_AHEAD): (
        "Dear Sir or Madam,\n\n"
        "For your information: with regard to {legal_basis} No. {document_number} ({title}), "
        "social media accounts can be registered until {due}. There is still time; please tell "
        "the personnel administrator of your unit.\n\n" + _HELP_ENGLISH
    ),
    (Language.ENGLISH, Kind.FOLLOW): (
        "Dear Sir or Madam,\n\n"
        "With regard to {legal_basis} No. {document_number} ({title}), it is not confirmed yet "
        "how your account stands to these official accounts:\n{official_accounts}\n\n"
        "That may be because an account is not verified, or because the platform does not show "
        "it. You can bring proof, ask for your account to be verified, or object; while an "
        "objection is examined, your name is in no list.\n\n" + _HELP_ENGLISH
    ),
    (Language.ENGLISH, Kind.DIGEST): (
        "Dear head of {unit},\n\n"
        "With regard to {legal_basis} No. {document_number} ({title}), the social media accounts "
        "of {people} employees of {unit} are not registered yet. Please pass this on, and help "
        "where there are difficulties.{names}\n\n"
        "This message is about registration only, is sent automatically, and is no assessment of "
        "anybody. Please do not forward it.\n\nThank you for your attention and cooperation."
    ),
}


def _named(letter: Letter) -> str:
    if not letter.names:
        return ""
    shown = [f"- {name}" for name in letter.names[:NAMES_AT_MOST]]
    rest = len(letter.names) - len(shown)
    if rest:
        more = "dan {} lainnya" if letter.language is Language.INDONESIAN else "and {} more"
        shown.append(more.format(rest))
    return "\n\n" + "\n".join(shown)


def kind_of(duty: DutyKind, *, ahead: bool) -> Kind:
    """Which letter an employee gets; ahead of the due date only of declarations."""
    if duty is DutyKind.FOLLOW:
        return Kind.FOLLOW
    return Kind.DECLARE_AHEAD if ahead else Kind.DECLARE


def written(letter: Letter) -> Text:
    """The whole text of a reminder."""
    fields = {
        "title": letter.title,
        "legal_basis": letter.legal_basis,
        "document_number": letter.document_number,
        "due": moment(letter.due_at),
        "official_accounts": "\n".join(f"- {each}" for each in letter.official_accounts),
        "unit": letter.unit,
        "people": letter.people,
        "names": _named(letter),
    }
    key = (letter.language, letter.kind)
    return Text(SUBJECTS[key].format(**fields), BODIES[key].format(**fields))
