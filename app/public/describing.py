"""The metadata of this installation: the published figures, and what its operator has stated."""

from dataclasses import asdict
from typing import Final

from app.public.indicators import CODES, INDICATORS, NAMES, SCHEMA_VERSION, STANDARDS, VARIABLES
from app.public.schemas import (
    ActivityOut,
    ClassificationOut,
    CodeOut,
    IndicatorOut,
    MetadataOut,
    VariableOut,
)
from app.reports.definitions import DEFINITIONS
from app.settings import Settings

LANGUAGE: Final = "id"
MEANING: Final = {each.key: each for each in DEFINITIONS}


def metadata(settings: Settings, api_version: str) -> MetadataOut:
    """Everything that Satu Data asks of published statistics; what nobody has stated is null."""
    return MetadataOut(
        schema_version=SCHEMA_VERSION,
        api_version=api_version,
        language=LANGUAGE,
        standards=list(STANDARDS),
        activity=_activity(settings),
        # Each figure needs a key: what is open to everybody are the verified accounts and this.
        variables=[VariableOut(**asdict(each), open_to_public=False) for each in VARIABLES],
        indicators=_indicators(),
        classifications=[
            ClassificationOut(
                key=key,
                name=name,
                codes=[CodeOut(code=code, name=text) for code, text in CODES[key].items()],
            )
            for key, name in NAMES.items()
        ],
    )


def _activity(settings: Settings) -> ActivityOut:
    return ActivityOut(
        name="Pendataan media sosial ASN dan pertumbuhan akun resmi pemerintah",
        statistics="Statistik sektoral",
        data_producer=settings.metadata_producer,
        walidata=settings.metadata_walidata,
        contact=settings.metadata_contact,
        licence=settings.metadata_licence,
        area=settings.metadata_area,
        population="ASN yang terdaftar dan menjadi anggota kohor kampanye, serta akun resmi yang"
        " terdaftar",
        observed_unit="Pegawai ASN, akun yang didata, akun resmi",
        collection="Kompilasi produk administrasi: data kepegawaian, pembacaan melalui antarmuka"
        " resmi platform, dan berkas ekspor milik akun resmi",
        frequency="Pembacaan akun resmi terjadwal, jarak bawaan"
        f" {settings.poll_interval_seconds} detik; penilaian status setiap 15 menit",
        confidentiality=MEANING["suppression"].text,
    )


def _indicators() -> list[IndicatorOut]:
    return [
        IndicatorOut(
            **asdict(each),
            name=MEANING[each.key].name,
            definition=MEANING[each.key].text,
            definition_version=MEANING[each.key].version,
            composite=False,
            open_to_public=False,
        )
        for each in INDICATORS
    ]
