"""The collector's health: what is read, what is not, what it may still ask, and what waits."""

from typing import Final

from grafana_foundation_sdk.builders.table import Panel as Table
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.sources import (
    FULL_WIDTH,
    INFINITY,
    TEXT,
    TIME,
    Column,
    board,
    infinity_source,
    lines,
    prometheus_source,
    promql,
    rows,
    said,
    shown_as,
)

ABOUT: Final = (
    "Kesehatan pengumpul: pembacaan yang tertunda bukan nol, dan akun yang gagal dibaca tetap"
    " menampilkan angka terakhirnya."
)


def dashboard() -> Dashboard:
    """The whole installation by Prometheus, and one government's official accounts by the API."""
    built = (
        board("simedsos-pengumpul", "SIMEDSOS: Pengumpul", ABOUT, "now-24h")
        .with_variable(prometheus_source())
        .with_variable(infinity_source())
        .with_panel(_accounts())
        .with_panel(_alerts())
    )
    for panel in (*_reading(), *_allowed(), *_working(), *_answering()):
        built = built.with_panel(panel)
    return built.build()


def _accounts() -> Table:
    query = rows(
        "polls",
        Column("official_account", "Akun resmi", TEXT),
        Column("platform", "Platform", TEXT),
        Column("age_seconds", "Umur pembacaan"),
        Column("outcome", "Hasil terakhir", TEXT),
        Column("reason", "Alasan", TEXT),
        Column("tries_24h", "Percobaan 24 jam"),
        Column("failures_24h", "Gagal 24 jam"),
        Column("overdue_seconds", "Terlambat"),
        Column("next_due", "Berikutnya", TIME),
        Column("last_complete_list_at", "Daftar lengkap terakhir", TIME),
    )
    about = "Setiap akun resmi. Umur kosong: belum pernah terbaca."
    panel = said(Table(), "Akun resmi", about, width=FULL_WIDTH, height=9)
    for name in ("Umur pembacaan", "Terlambat"):
        panel = panel.override_by_name(name, shown_as("s"))
    return panel.with_target(query).datasource(INFINITY)


def _alerts() -> Table:
    query = rows(
        "alerts",
        Column("alert", "Peringatan", TEXT),
        Column("subject", "Tentang", TEXT),
        Column("platform", "Platform", TEXT),
        Column("firing", "menyala"),
        keep="menyala == 1",
    )
    panel = said(Table(), "Yang perlu dilihat", "Kosong: tidak ada.", width=FULL_WIDTH, height=6)
    return panel.no_value("tidak ada").with_target(query).datasource(INFINITY)


def _reading() -> tuple[Timeseries, ...]:
    return (
        lines(
            "Pembacaan yang berhasil",
            "Bagian yang berhasil dalam satu jam; di sebelahnya, berapa yang dicoba.",
            promql("platform:simedsos_polls_ok:ratio_rate1h", "{{platform}}"),
            unit="percentunit",
        ),
        lines(
            "Pembacaan yang dicoba",
            "Per detik. Tanpa percobaan, bagian yang berhasil tidak ada.",
            promql("platform:simedsos_polls:rate1h", "{{platform}}"),
            unit="reqps",
        ),
        lines(
            "Sejak pembacaan terakhir yang berhasil",
            "Per platform, di proses mana pun.",
            promql(
                "time() - max by (platform) (simedsos_last_successful_poll_timestamp_seconds)",
                "{{platform}}",
            ),
            unit="s",
        ),
        lines(
            "Pembacaan yang menunggu",
            "Jumlah akun yang sudah waktunya dan belum dipegang, dan yang paling lama.",
            promql("max(simedsos_polls_due)", "menunggu"),
            promql("max(simedsos_poll_oldest_due_seconds)", "paling lama (detik)"),
            unit="none",
        ),
    )


def _allowed() -> tuple[Timeseries, ...]:
    return (
        lines(
            "Anggaran platform yang terpakai",
            "Anggaran tersempit dari jenisnya, dalam jendela sekarang.",
            promql(
                "max by (platform, credential) (simedsos_platform_budget_used_ratio)",
                "{{platform}} {{credential}}",
            ),
            unit="percentunit",
        ),
        lines(
            "Pemutus yang terbuka",
            "1: platform itu sedang tidak ditanya, dan akan dicoba lagi sendiri.",
            promql("max by (platform, door) (simedsos_breaker_open)", "{{platform}} {{door}}"),
            unit="none",
        ),
        lines(
            "Sambungan berakhir dalam",
            "Sambungan pertama tiap platform yang berakhir bila tidak diperpanjang.",
            promql(
                "min by (tenant, platform) (simedsos_credential_expiry_timestamp_seconds) - time()",
                "{{tenant}} {{platform}}",
            ),
            unit="s",
        ),
        lines(
            "Sambungan yang hilang",
            "Sambungan akun resmi yang perlu disambungkan kembali oleh pengelolanya.",
            promql("max by (tenant) (simedsos_credentials_lost)", "{{tenant}}"),
            unit="none",
        ),
    )


def _working() -> tuple[Timeseries, ...]:
    return (
        lines(
            "Pekerjaan yang menunggu",
            "Pekerjaan yang sudah waktunya, menurut jenis.",
            promql("max by (kind) (simedsos_jobs_waiting) > 0", "{{kind}}"),
            promql("max by (kind) (simedsos_jobs_dead) > 0", "mati: {{kind}}"),
            unit="none",
        ),
        lines(
            "Pekerjaan tertua",
            "Sudah berapa lama pekerjaan tertua menunggu.",
            promql("max by (kind) (simedsos_jobs_oldest_waiting_seconds) > 0", "{{kind}}"),
            unit="s",
        ),
        lines(
            "Penjadwal",
            "Sejak slot terakhir tiap baris jadwal.",
            promql(
                "time() - max by (line) (simedsos_cron_last_fired_timestamp_seconds)", "{{line}}"
            ),
            unit="s",
        ),
        lines(
            "Angka Prometheus sendiri",
            "Umur angka pemerintah yang dibaca paling lama yang lalu.",
            promql("time() - max(simedsos_business_gauges_refreshed_timestamp_seconds)", "umur"),
            unit="s",
        ),
    )


def _answering() -> tuple[Timeseries, ...]:
    return (
        lines(
            "Jawaban API, p95",
            "Menurut operasi.",
            promql(
                "topk(10, max by (route)"
                " (job_route:simedsos_http_request_duration_seconds:p95_5m))",
                "{{route}}",
            ),
            unit="s",
        ),
        lines(
            "Jawaban API yang gagal",
            "Bagian 5xx; di bawahnya, berapa yang diminta per detik.",
            promql("job:simedsos_http_errors:ratio_rate5m", "5xx {{job}}"),
            promql("job:simedsos_http_requests:rate5m", "per detik {{job}}"),
            unit="none",
        ),
    )
