"""What may be said of an account that somebody has found; pure."""

from datetime import date
from enum import StrEnum
from typing import Final


class Finding(StrEnum):
    """Never that an account is false: what is not registered here may be registered nowhere."""

    OFFICIAL = "official"
    NOT_REGISTERED = "not_registered"


NOTES: Final = {
    Finding.OFFICIAL: "Akun ini terdaftar sebagai akun resmi instansi yang disebutkan.",
    Finding.NOT_REGISTERED: (
        "Akun ini tidak terdaftar pada layanan ini. Hal itu tidak berarti bahwa akun ini palsu;"
        " silakan menanyakannya kepada instansi yang bersangkutan."
    ),
}


def is_current(term_start: date | None, term_end: date | None, today: date) -> bool:
    """Whether an account counts as official today: that of a person does in the office's term."""
    return (term_start is None or term_start <= today) and (term_end is None or term_end >= today)
