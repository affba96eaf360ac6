"""A government over time, by Prometheus: followers, verdicts with their coverage, the registry."""

from typing import Final

from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.sources import (
    FULL_WIDTH,
    board,
    figure,
    limits,
    lines,
    prometheus_source,
    promql,
    tenant,
)

ABOUT: Final = (
    "Satu pemerintah menurut Prometheus. Yang tidak dapat dibaca tidak ada, dan tidak pernah 0."
)
HERE: Final = '{tenant="$tenant"}'


def dashboard() -> Dashboard:
    """One government; ids stand for official accounts and campaigns, as metrics name nobody."""
    built = (
        board("simedsos-pemerintah", "SIMEDSOS: Pemerintah", ABOUT, "now-30d")
        .with_variable(prometheus_source())
        .with_variable(tenant())
    )
    for panel in (*_registry(), *_growth(), *_verdicts()):
        built = built.with_panel(panel)
    return built.build()


def _registry() -> tuple[Stat, ...]:
    return (
        figure(
            "Pegawai terdaftar",
            "Pegawai dalam registri yang belum keluar.",
            promql(f"max(simedsos_registered_employees{HERE})"),
            unit="none",
        ),
        figure(
            "Akun dilaporkan",
            "Akun pegawai yang masih berlaku, di semua platform.",
            promql(f"sum(max by (platform) (simedsos_declared_accounts{HERE}))"),
            unit="none",
        ),
        figure(
            "Daftar pengikut yang batal",
            "Akun resmi yang daftar terakhirnya tidak membuktikan apa pun.",
            promql(f"max(simedsos_follower_lists_void{HERE})"),
            unit="none",
        ).thresholds(limits((None, "green"), (1, "orange"))),
        figure(
            "Permintaan data yang terlambat",
            "Permintaan pegawai tentang datanya yang melewati 3 x 24 jam.",
            promql(f"max(simedsos_subject_requests_overdue{HERE})"),
            unit="none",
        ).thresholds(limits((None, "green"), (1, "red"))),
    )


def _growth() -> tuple[Timeseries, ...]:
    return (
        lines(
            "Pengikut akun resmi",
            "Batas bawah, bila platform membulatkan. Angka terakhir tetap; umurnya di bawah.",
            promql(
                f"official_account:simedsos_official_account_followers:max{HERE}",
                "{{platform}} {{official_account}}",
            ),
            unit="none",
        ),
        lines(
            "Tambahan dalam 7 hari",
            "Tidak ada garis bila seminggu yang lalu tidak ada pembacaan.",
            promql(
                f"official_account:simedsos_official_account_followers:gain7d{HERE}",
                "{{platform}} {{official_account}}",
            ),
            unit="none",
        ),
    )


def _verdicts() -> tuple[Timeseries, ...]:
    return (
        lines(
            "Terpenuhi dan cakupan",
            "Baca keduanya bersama: bagian yang terpenuhi dari yang diketahui, dan cakupannya.",
            promql(f"campaign:simedsos_campaign_met:ratio{HERE}", "terpenuhi {{campaign}}"),
            promql(f"campaign:simedsos_campaign_known:ratio{HERE}", "cakupan {{campaign}}"),
            unit="percentunit",
        ),
        lines(
            "Penilaian",
            "Sanggahan termasuk belum diketahui; keempatnya bersama adalah semua anggota.",
            promql(
                f"sum by (verdict) (campaign:simedsos_campaign_verdicts:max{HERE})",
                "{{verdict}}",
            ),
            unit="none",
        ),
        lines(
            "Umur pembacaan dan penilaian",
            "Detik sejak jumlah terakhir dibaca, daftar lengkap diambil, kampanye dinilai.",
            promql(
                f"official_account:simedsos_official_account_count_age:seconds{HERE}",
                "jumlah {{official_account}}",
            ),
            promql(
                "time() - max by (official_account)"
                f" (simedsos_official_account_last_list_timestamp_seconds{HERE})",
                "daftar {{official_account}}",
            ),
            promql(
                f"time() - max(simedsos_campaigns_evaluated_timestamp_seconds{HERE})",
                "penilaian",
            ),
            unit="s",
            width=FULL_WIDTH,
        ),
    )
