"""The record of processing tells what is configured and stored, and changes with it."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from pydantic import SecretStr
from sqlalchemy import text

from app.models import TABLES
from app.settings import Settings
from tests.api.test_api_keys import make
from tests.api.test_compliance import account, make_campaign, registry  # noqa: F401
from tests.connecting import KEYS
from tests.support import Api

FORMAL = "UU 27/2022"


async def told(api: Api) -> dict:
    answer = await api.get("/v1/privacy/record")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_purposes_recipients_and_periods_are_those_in_force(api, services, account):
    await make_campaign(api, account, title="Ikuti | akun *resmi*")
    await make(api, name="SIMPEG")
    before = await told(api)
    assert before["controller"] == "Pemprov sumsel"
    [purpose] = before["purposes"]
    assert (purpose["legal_basis"], purpose["document_number"]) == (
        "Surat Edaran Gubernur",
        "555/1/2026",
    )
    assert {each["who"] for each in before["recipients"]} == {"tests", "SIMPEG", "instagram"}
    assert {name for each in before["kept"] for name in each["tables"]} == TABLES
    assert "hari setelah berhenti" not in str(before["kept"])
    services.settings = Settings(
        retention_left_days=730,
        public_url="https://simedsos.example.go.id",
        smtp_host="mail.example.go.id",
        smtp_password=SecretStr("rahasia-sekali"),
        retention_campaign_days=365,
        reminder_webhook_url=SecretStr("https://gerbang.example.go.id/kirim?kunci=rahasia-sekali"),
        siasn_consumer_key=SecretStr("kunci"),
        token_keys=SecretStr(KEYS),
    )
    endpoint = {"name": "SIMPEG", "url": "https://simpeg.example.go.id/kabar?kunci=rahasia-sekali"}
    assert (await api.post("/v1/webhooks", endpoint)).status_code == 201
    after = await told(api)
    assert "730 hari setelah berhenti" in str(after["kept"])
    assert "365 hari setelah kampanye berakhir" in str(after["kept"])
    assert "365 hari" not in str(before["kept"])
    told_of = {each["who"] for each in after["recipients"]}
    assert {"mail.example.go.id", "gerbang.example.go.id"} <= told_of
    assert {"simpeg.example.go.id", "apimws.bkn.go.id"} <= told_of
    measures = [
        {each["what"]: each["in_force"] for each in found["measures"]} for found in (before, after)
    ]
    changed = {what for what in measures[0] if measures[0][what] != measures[1][what]}
    assert changed == {
        "Alamat dan token dienkripsi",
        "HTTPS",
        "Penghapusan otomatis setelah berhenti",
        "Pengarsipan otomatis setelah kampanye berakhir",
    }
    assert "rahasia-sekali" not in str(after)


async def test_a_wall_that_is_missing_is_told(api, services):
    wall = "Pemisahan antarpemerintah di basis data (row level security)"
    assert {each["what"]: each["in_force"] for each in (await told(api))["measures"]}[wall]
    async with services.database.system() as session:
        await session.execute(text("SELECT set_config('role', 'none', true)"))
        await session.execute(text("ALTER TABLE disputes NO FORCE ROW LEVEL SECURITY"))
    assert not {each["what"]: each["in_force"] for each in (await told(api))["measures"]}[wall]


async def test_the_document_is_for_people_and_keeps_texts_in_their_cells(api, account):
    await make_campaign(api, account, title="Ikuti | akun *resmi*")
    page = await api.get("/v1/privacy/record.md")
    assert page.headers["content-type"].startswith("text/markdown")
    assert FORMAL in page.text
    [row] = [line for line in page.text.splitlines() if line.startswith("| Ikuti")]
    assert row.startswith("| Ikuti \\| akun \\*resmi\\* | Surat Edaran Gubernur |")
    assert row.count(" | ") == 3
