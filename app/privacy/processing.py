"""The record of processing (UU PDP, article 31), made from what is configured and stored now."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.models import Campaign
from app.identity.models import ApiKey, Tenant
from app.identity.rules import Caller
from app.official_accounts.models import OfficialAccount
from app.privacy.retention import PERIODS, PREVIEWS, TABLES, Class
from app.privacy.schemas import DataRecipient, Kept, Measure, ProcessingRecord, Purpose
from app.settings import Settings
from app.siasn.client import BASE_URL as SIASN
from app.webhooks.models import WebhookEndpoint

TOLD_BY_WEBHOOK = "pengenal acak dan jenis perubahan"
KINDS: dict[Class, str] = {
    Class.WITH_THE_PERSON: "Data pegawai, akun yang disampaikan, tanggapan dan permohonan",
    Class.IDS_ONLY: "Bukti dan status kepatuhan, dengan pengenal acak",
    Class.SHORT: "Data teknis sementara",
    Class.PREVIEW: "Pratinjau impor",
    Class.TRAIL: "Jejak audit",
    Class.OFFICIAL: "Keputusan pejabat dan kunci sistem",
    Class.NOBODY: "Akun resmi, kampanye dan angka",
}
UNTIL: dict[Class, str] = {
    Class.WITH_THE_PERSON: "sampai pegawai dihapus{left}",
    Class.IDS_ONLY: "seterusnya, tanpa nama setelah pegawai dihapus{campaign}",
    Class.SHORT: "beberapa hari",
    Class.PREVIEW: f"{PREVIEWS.days} hari, atau sampai impor diterapkan",
    Class.TRAIL: "seterusnya; hanya pengenal acak, jenis dan waktu",
    Class.OFFICIAL: "seterusnya",
    Class.NOBODY: "seterusnya; bukan data pribadi",
}
# Both are asked of the database itself, since a restored or altered one may lack them.
WALLS = text("""
SELECT bool_and(each.relrowsecurity AND each.relforcerowsecurity)
FROM pg_class AS each JOIN pg_attribute AS owned
  ON owned.attrelid = each.oid AND owned.attname = 'tenant_id' AND NOT owned.attisdropped
WHERE each.relkind IN ('r', 'p') AND each.relnamespace = 'public'::regnamespace
""")
CHAINED = text("SELECT EXISTS (SELECT 1 FROM audit_heads WHERE tenant_id = :tenant_id)")
ASSESSMENT = (
    "Risiko utama adalah tuduhan yang keliru dan pembukaan data pegawai. Setiap status memiliki"
    " tiga nilai dengan bukti, keputusan diambil pejabat dengan alasan tertulis, dan tindakan di"
    " atas yang belum berlaku perlu dinilai sebelum pemrosesan diperluas."
)
assert set(KINDS) == set(UNTIL) == set(PERIODS)


async def record_of(
    session: AsyncSession, caller: Caller, settings: Settings, *, now: datetime
) -> ProcessingRecord:
    """What this government processes, why, for how long, who receives it, and how it is kept."""
    name = select(Tenant.name).where(Tenant.id == caller.tenant_id)
    return ProcessingRecord(
        made_at=now,
        controller=(await session.scalars(name)).one(),
        purposes=await _purposes(session, caller),
        kept=_kept(settings),
        recipients=await _recipients(session, caller, settings, now),
        measures=_measures(
            settings,
            walled=bool(await session.scalar(WALLS)),
            chained=bool(await session.scalar(CHAINED, {"tenant_id": caller.tenant_id})),
        ),
    )


async def _purposes(session: AsyncSession, caller: Caller) -> list[Purpose]:
    found = await session.scalars(
        select(Campaign).where(Campaign.tenant_id == caller.tenant_id).order_by(Campaign.id)
    )
    return [
        Purpose(
            campaign_id=each.id,
            title=each.title,
            legal_basis=each.legal_basis,
            document_number=each.document_number,
            people=each.cohort_size,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
        )
        for each in found
    ]


def _kept(settings: Settings) -> list[Kept]:
    days = settings.retention_left_days
    left = "" if days is None else f", atau {days} hari setelah berhenti"
    days = settings.retention_campaign_days
    over = f"; status dan pengingat sampai {days} hari setelah kampanye berakhir"
    campaign = "" if days is None else over
    return [
        Kept(
            what=KINDS[each],
            tables=sorted(TABLES[each]),
            until=UNTIL[each].format(left=left, campaign=campaign),
        )
        for each in Class
    ]


async def _recipients(
    session: AsyncSession, caller: Caller, settings: Settings, now: datetime
) -> list[DataRecipient]:
    keys = await session.scalars(
        select(ApiKey)
        .where(
            ApiKey.tenant_id == caller.tenant_id,
            ApiKey.revoked_at.is_(None),
            ApiKey.expires_at > now,
        )
        .order_by(ApiKey.id)
    )
    platforms = await session.execute(
        select(OfficialAccount.platform, func.count())
        .where(OfficialAccount.tenant_id == caller.tenant_id, OfficialAccount.active)
        .group_by(OfficialAccount.platform)
        .order_by(OfficialAccount.platform)
    )
    found = [
        DataRecipient(who=key.name, kind="sistem", receives=", ".join(key.scopes)) for key in keys
    ]
    found += [
        DataRecipient(
            who=str(platform.value),
            kind="platform",
            receives="nama akun yang disampaikan, untuk ditanyakan keberadaannya",
        )
        for platform, _ in platforms
    ]
    endpoints = await session.scalars(
        select(WebhookEndpoint.url)
        .where(WebhookEndpoint.tenant_id == caller.tenant_id, WebhookEndpoint.disabled.is_(None))
        .order_by(WebhookEndpoint.id)
    )
    found += [
        DataRecipient(who=urlsplit(url).hostname or "", kind="webhook", receives=TOLD_BY_WEBHOOK)
        for url in endpoints
    ]
    return [*found, *_gateways(settings)]


def _gateways(settings: Settings) -> Sequence[DataRecipient]:
    found = []
    if settings.smtp_host is not None:
        told = "alamat surel dan teks pengingat"
        found.append(DataRecipient(who=settings.smtp_host, kind="surel", receives=told))
    if settings.reminder_webhook_url is not None:
        told = "nomor telepon dan teks pengingat"
        host = urlsplit(settings.reminder_webhook_url.get_secret_value()).hostname or ""
        found.append(DataRecipient(who=host, kind="gerbang pesan", receives=told))
    if settings.siasn_consumer_key is not None:
        host = urlsplit(settings.siasn_base_url or SIASN).hostname or ""
        found.append(DataRecipient(who=host, kind="SIASN BKN", receives="NIP, untuk dibandingkan"))
    if settings.oidc_issuer is not None:
        told = "tidak ada; memberi tahu siapa yang masuk"
        found.append(
            DataRecipient(who=settings.oidc_issuer, kind="penyedia identitas", receives=told)
        )
    return found


def _measures(settings: Settings, *, walled: bool, chained: bool) -> list[Measure]:
    """What is in force by this process, its settings and its database, and what is not."""
    return [
        Measure(what=what, in_force=in_force)
        for what, in_force in (
            ("Pemisahan antarpemerintah di basis data (row level security)", walled),
            ("Data warga pada daftar pengikut dibuang di memori", True),
            ("NIP dienkripsi", settings.registry_keys is not None),
            ("Alamat dan token dienkripsi", settings.token_keys is not None),
            ("Jejak audit setiap pembacaan dan perubahan", chained),
            ("Ujung jejak audit dicatat di luar", settings.audit_anchor_file is not None),
            ("Masuk melalui penyedia identitas pemerintah", settings.oidc_issuer is not None),
            ("HTTPS", settings.public_address().startswith("https://")),
            ("Penghapusan otomatis setelah berhenti", settings.retention_left_days is not None),
            (
                "Pengarsipan otomatis setelah kampanye berakhir",
                settings.retention_campaign_days is not None,
            ),
        )
    ]


def as_markdown(found: ProcessingRecord) -> str:
    """The record as a document for people, in Indonesian."""
    lines = [
        f"# Catatan kegiatan pemrosesan data pribadi: {_cell(found.controller)}",
        "",
        f"Dibuat dari konfigurasi pada {found.made_at.isoformat()} (UU 27/2022 Pasal 31).",
        "",
        "## Tujuan dan dasar pemrosesan",
        "",
        *_table(
            ("Tujuan", "Dasar", "Nomor", "Orang"),
            [(e.title, e.legal_basis, e.document_number, str(e.people)) for e in found.purposes],
        ),
        "",
        "## Data dan masa simpan",
        "",
        *_table(("Data", "Disimpan"), [(each.what, each.until) for each in found.kept]),
        "",
        "## Penerima",
        "",
        *_table(
            ("Siapa", "Jenis", "Menerima"), [(e.who, e.kind, e.receives) for e in found.recipients]
        ),
        "",
        "## Pelindungan",
        "",
        *_table(
            ("Tindakan", "Berlaku"),
            [(each.what, "ya" if each.in_force else "tidak") for each in found.measures],
        ),
        "",
        "## Penilaian dampak (bahan awal, Pasal 34)",
        "",
        ASSESSMENT,
    ]
    return "\n".join(lines) + "\n"


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(heading)} |",
        f"|{'---|' * len(heading)}",
        *(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows),
    ]


def _cell(value: str) -> str:
    """A text that stays in its cell and is no markup."""
    escaped = value.replace("\\", "\\\\")
    for sign in "|`*_<>[]#":
        escaped = escaped.replace(sign, f"\\{sign}")
    return " ".join(escaped.split())
