"""Growth against expectation: followers with the band of what platforms round, and the target."""

from typing import Final

from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.table import Panel as Table
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.models.dashboard import Dashboard, DynamicConfigValue

from grafana.sources import (
    ACCOUNTS,
    CAMPAIGNS,
    FULL_WIDTH,
    INFINITY,
    RANGE,
    TEXT,
    TIME,
    Asked,
    Column,
    board,
    choice,
    figure,
    infinity_source,
    rows,
    said,
    shown_as,
)

LOW, HIGH = "paling sedikit", "paling banyak"
BASELINE, TARGET = "pengikut semula", "target"
ABOUT: Final = (
    "Pertumbuhan pengikut akun resmi terhadap harapan kampanye. Angka yang belum diketahui kosong,"
    " dan bukan nol."
)


def dashboard() -> Dashboard:
    """One campaign, all of its official accounts, and one of them over time."""
    return (
        board("simedsos-pertumbuhan", "SIMEDSOS: Pertumbuhan", ABOUT, "now-90d")
        .with_variable(infinity_source())
        .with_variable(choice("kampanye", "Kampanye", CAMPAIGNS))
        .with_variable(choice("akun", "Akun resmi", ACCOUNTS))
        .with_panel(_one("Tambahan, paling sedikit", "gain_min", "none"))
        .with_panel(_one("Tambahan, paling banyak", "gain_max", "none"))
        .with_panel(_one("Capaian, paling sedikit", "attainment_percent_min", "percent"))
        .with_panel(_one("Umur pembacaan", "current_age_seconds", "s"))
        .with_panel(_followers())
        .with_panel(_accounts())
        .build()
    )


def _growth(*columns: Column, keep: str = "") -> Asked:
    return rows("growth", *columns, keep=keep, campaign="${kampanye}")


def _one(title: str, selector: str, unit: str) -> Stat:
    about = "Akun yang dipilih di atas. Kosong: belum diketahui."
    columns = (Column("official_account_id", "id", TEXT), Column(selector, title))
    return figure(title, about, _growth(*columns, keep="id == '${akun}'"), unit=unit)


def _followers() -> Timeseries:
    about = (
        "Pita: platform membulatkan angkanya, dan jumlah sebenarnya berada di dalamnya. Garis yang"
        " terputus berarti tidak ada pembacaan, bukan nol."
    )
    query = rows(
        "followers",
        Column("time", "waktu", TIME),
        Column("followers_min", LOW),
        Column("followers_max", HIGH),
        Column("baseline_min", BASELINE),
        Column("target_min", TARGET),
        official_account="${akun}",
        campaign="${kampanye}",
        **RANGE,
    )
    panel = said(Timeseries(), "Pengikut terhadap target", about, width=FULL_WIDTH, height=12)
    band = [
        DynamicConfigValue("custom.fillBelowTo", LOW),
        DynamicConfigValue("custom.fillOpacity", 20),
    ]
    dashed = [
        DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [8, 8]}),
        DynamicConfigValue("custom.showPoints", "never"),
    ]
    panel = panel.override_by_name(HIGH, band)
    for name in (BASELINE, TARGET):
        panel = panel.override_by_name(name, dashed)
    return panel.span_nulls(False).with_target(query).datasource(INFINITY)  # noqa: FBT003


def _accounts() -> Table:
    about = "Setiap akun resmi kampanye ini. Kedua ujung rentang, bila platform membulatkan."
    query = _growth(
        Column("official_account", "Akun resmi", TEXT),
        Column("platform", "Platform", TEXT),
        Column("baseline_min", "Semula"),
        Column("current_min", "Sekarang, paling sedikit"),
        Column("current_max", "Sekarang, paling banyak"),
        Column("gain_min", "Tambahan, paling sedikit"),
        Column("gain_max", "Tambahan, paling banyak"),
        Column("expected_gain", "Diharapkan"),
        Column("attainment_percent_min", "Capaian, paling sedikit"),
        Column("current_at", "Dibaca pada", TIME),
    )
    panel = said(Table(), "Semua akun resmi", about, width=FULL_WIDTH, height=9)
    panel = panel.override_by_name("Capaian, paling sedikit", shown_as("percent"))
    return panel.with_target(query).datasource(INFINITY)
