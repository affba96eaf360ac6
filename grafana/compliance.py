"""Compliance by work unit: four verdicts side by side, and the coverage beside each share."""

from typing import Final

from grafana_foundation_sdk.builders.barchart import Panel as BarChart
from grafana_foundation_sdk.builders.dashboard import CustomVariable
from grafana_foundation_sdk.builders.table import Panel as Table
from grafana_foundation_sdk.models.common import StackingMode, VizOrientation
from grafana_foundation_sdk.models.dashboard import Dashboard, DynamicConfigValue

from grafana.sources import (
    CAMPAIGNS,
    FULL_WIDTH,
    INFINITY,
    TEXT,
    TIME,
    Asked,
    Column,
    board,
    choice,
    infinity_source,
    rows,
    said,
    shown_as,
)

ABOUT: Final = (
    "Kepatuhan per OPD. Belum diketahui bukan belum terpenuhi: lihat cakupannya di samping setiap"
    " persentase. Unit kecil tidak ditampilkan angkanya."
)
# Told apart by anyone who sees colours differently, and by their order in the legend.
COLOURS: Final = {
    "Terpenuhi": "#1f8f85",
    "Belum terpenuhi": "#d08a2e",
    "Belum diketahui": "#b9c0ca",
    "Dikecualikan": "#a895d0",
    "Sanggahan": "#8b1e3f",
}
COUNTS: Final = (
    Column("met", "Terpenuhi"),
    Column("unmet", "Belum terpenuhi"),
    Column("unknown", "Belum diketahui"),
    Column("excused", "Dikecualikan"),
    Column("disputed", "Sanggahan"),
)


def dashboard() -> Dashboard:
    """One campaign and one duty, unit by unit."""
    return (
        board("simedsos-kepatuhan", "SIMEDSOS: Kepatuhan per OPD", ABOUT, "now-24h")
        .with_variable(infinity_source())
        .with_variable(choice("kampanye", "Kampanye", CAMPAIGNS))
        .with_variable(
            CustomVariable("kewajiban")
            .label("Kewajiban")
            .values("Mengikuti : follow, Melaporkan akun : declare")
        )
        .with_panel(_bars())
        .with_panel(_units())
        .build()
    )


def _units_asked(*columns: Column, keep: str = "") -> Asked:
    return rows(
        "compliance",
        *columns,
        keep=keep,
        campaign="${kampanye}",
        by="work_unit",
        duty="${kewajiban}",
    )


def _bars() -> BarChart:
    about = "Jumlah penilaian per unit; sebuah unit memuat unit di bawahnya."
    panel = (
        BarChart()
        .title("Penilaian per unit")
        .description(about)
        .span(FULL_WIDTH)
        .height(14)
        .no_value("belum diketahui")
        .orientation(VizOrientation.HORIZONTAL)
        .stacking(StackingMode.NORMAL)
        .x_field("Unit")
        .datasource(INFINITY)
    )
    for name, colour in COLOURS.items():
        fixed = DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})
        panel = panel.override_by_name(name, [fixed])
    shown = Column("suppressed", "tertutup", "boolean")
    query = _units_asked(Column("name", "Unit", TEXT), *COUNTS, shown, keep="tertutup == false")
    hidden = DynamicConfigValue("custom.hideFrom", {"viz": True, "legend": True, "tooltip": True})
    return panel.override_by_name("tertutup", [hidden]).with_target(query)


def _units() -> Table:
    about = (
        "Cakupan: bagian yang diketahui dari yang tidak dikecualikan. Terpenuhi: bagian dari yang"
        " diketahui. Kosong: kurang dari lima orang, atau belum ada yang diketahui."
    )
    query = _units_asked(
        Column("code", "Kode", TEXT),
        Column("name", "Unit", TEXT),
        Column("eligible", "Anggota"),
        *COUNTS,
        Column("met_percent", "Terpenuhi dari yang diketahui"),
        Column("known_percent", "Cakupan"),
        Column("evaluated_at", "Dinilai pada", TIME),
    )
    panel = said(Table(), "Angka per unit", about, width=FULL_WIDTH, height=14)
    for name in ("Terpenuhi dari yang diketahui", "Cakupan"):
        panel = panel.override_by_name(name, shown_as("percent"))
    return panel.with_target(query).datasource(INFINITY)
