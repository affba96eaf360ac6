"""Files as offices write them: encodings, BKN's export, full lists, rows to be mended."""

import asyncio
import csv
import io

import pytest
from openpyxl import load_workbook
from pydantic import SecretStr
from sqlalchemy import text

from app.cli.operator import operator_of
from app.exchange import service as exchange
from app.exchange.kinds import ImportKind, ImportState
from app.exchange.rules import Order
from app.exchange.running import TELL_EVERY, StillRunning
from tests.api.test_api_keys import make as make_key
from tests.api.test_imports import UNITS, put, table
from tests.conftest import make_government
from tests.connecting import KEYS
from tests.support import Api, nip
from tests.workers.scripts import everything

NAMED = f"NIP;Nama;Jenis ASN;Kode Unit\r\n{nip(1)};José Muñoz;PPPK;16.01\r\n"


async def people(api: Api) -> dict[str, dict]:
    return {each["nip"]: each for each in (await api.get("/v1/employees")).json()["items"]}


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (NAMED.encode(), "utf-8"),
        (NAMED.encode("utf-8-sig"), "utf-8"),
        (NAMED.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + NAMED.encode("utf-16-be"), "utf-16"),
        (NAMED.encode("cp1252"), "windows-1252"),
        (("sep=;\r\n" + NAMED).encode(), "utf-8"),
        (NAMED.replace(";", "\t").encode("utf-16"), "utf-16"),
        (NAMED.replace(";", "|").encode(), "utf-8"),
    ],
    ids=["utf-8", "mark", "utf-16", "big-endian", "windows", "sep", "tab", "pipe"],
)
async def test_text_is_read_as_it_was_written(api, content, encoding):
    await put(api, "work_units", UNITS)
    made = await put(api, "employees", content)
    assert (made["accepted"], made["encoding"]) == (1, encoding)
    assert [each["name"] for each in (await people(api)).values()] == ["José Muñoz"]


async def test_lines_are_numbered_as_an_editor_shows_them(api):
    await put(api, "work_units", UNITS)
    made = await put(api, "employees", "sep=;\r\n" + NAMED + "1;Siti;PPPK;16.01\r\n")
    assert [each["line"] for each in made["faults"]] == [4]


@pytest.mark.parametrize("at", [10, 70_000])
async def test_a_character_that_no_text_has_is_refused_wherever_it_stands(api, at):
    content = (NAMED + "x" * at).encode() + b"\x00"
    answer = await api.upload("/v1/imports", content, kind="employees")
    assert answer.status_code == 415
    assert "binary" in answer.json()["detail"]
    assert (await api.get("/v1/imports")).json()["items"] == []


BKN = "PNS ID,NIP BARU,NAMA,AGAMA NAMA,NIK,NOMOR HP,EMAIL,JENIS PEGAWAI NAMA,KEDUDUKAN HUKUM NAMA,JABATAN NAMA,UNOR ID,UNOR NAMA"  # noqa: E501 - One line of a file.
CANARY = "kenari4471"


async def test_the_export_of_bkn_names_units_by_its_own_ids(api, services, government):
    units = "kode,nama,unor id\n16.01,Dinas Pendidikan,A8ACA7397AEB\n16.02,Kesehatan,\n16.03,X,\n"
    await put(api, "work_units", units)
    both = {"bkn_unor_id": "B9"}
    for code in ("16.02", "16.03"):
        items = (await api.get("/v1/work-units")).json()["items"]
        [unit] = [each for each in items if each["code"] == code]
        etag = (await api.get(f"/v1/work-units/{unit['id']}")).headers["etag"]
        await api.patch(f"/v1/work-units/{unit['id']}", both, etag=etag)
    person = f"x,{nip(1)},Budi,{CANARY},{CANARY},,,PPPK,PPPK Aktif,Guru"
    rows = (
        BKN,
        f"{person},a8aca7397aeb,Dinas",
        f"{person.replace(nip(1), nip(2))},TIDAK-ADA,Dinas",
        f"{person.replace(nip(1), nip(3))},B9,Dinas",
    )
    made = await put(api, "employees", "\n".join(rows))
    assert [(each["line"], each["code"]) for each in made["faults"]] == [
        (3, "unknown_unit"),
        (4, "unknown_unit"),
    ]
    assert {"AGAMA NAMA", "NIK", "UNOR NAMA"} <= set(made["ignored_columns"])
    [employee] = (await people(api)).values()
    assert (employee["position"], employee["standing"]) == ("Guru", "active")
    assert CANARY not in await everything(services, government)
    # An import of units that says nothing of BKN's ids takes none away.
    await put(api, "work_units", "kode,nama\n16.01,Dinas Pendidikan\n")
    again = await put(api, "employees", "\n".join(rows[:2]))
    assert again["unchanged"] == 1


async def test_a_cell_that_says_nothing_of_the_standing_changes_none(api):
    await put(api, "work_units", UNITS)
    await put(api, "employees", table(f"{nip(1)},Budi,pppk,16.01,Guru,tugas belajar"))
    made = await put(api, "employees", table(f"{nip(1)},Budi,pppk,16.02,,"))
    assert made["changed"] == 1
    [person] = (await people(api)).values()
    assert (person["standing"], person["position"]) == ("study", "Guru")


def roster(*numbers: int) -> bytes:
    return table(*(f"{nip(n)},P{n},pppk,16.01,," for n in numbers))


async def full(api: Api, content: bytes, **fields: str):
    return await api.upload("/v1/imports", content, kind="employees", mode="full", **fields)


async def test_a_full_list_lets_a_few_leave_and_asks_before_many(api):
    await put(api, "work_units", UNITS)
    await put(api, "employees", roster(*range(1, 41)))
    few = (await full(api, roster(*range(1, 39)))).json()
    assert (few["mode"], few["leavers"], few["changed"], few["unchanged"]) == ("full", 2, 0, 38)
    assert (await people(api))[nip(40)]["standing"] == "left"
    many = await full(api, roster(*range(1, 31)))
    assert many.status_code == 409
    problem = many.json()
    assert "8 of 38 employees" in problem["detail"]
    assert problem["errors"][0]["pointer"] == "/confirm_leavers"
    assert (await people(api))[nip(35)]["standing"] == "active"
    assert len((await api.get("/v1/imports")).json()["items"]) == 3
    assert (await full(api, roster(*range(1, 31)), confirm_leavers="7")).status_code == 409
    confirmed = await full(api, roster(*range(1, 31)), confirm_leavers="8")
    assert (confirmed.status_code, confirmed.json()["leavers"]) == (201, 8)
    # Who stands in a later list is back, and nobody else.
    back = await put(api, "employees", roster(40))
    assert back["changed"] == 1
    standings = {key: each["standing"] for key, each in (await people(api)).items()}
    assert (standings[nip(40)], standings[nip(39)]) == ("active", "left")


async def test_a_preview_of_a_full_list_is_confirmed_when_it_is_applied(api):
    await put(api, "work_units", UNITS)
    await put(api, "employees", roster(*range(1, 11)))
    preview = (await full(api, roster(*range(1, 9)), dry_run="true")).json()
    assert (preview["state"], preview["leavers"]) == ("previewed", 2)
    path = f"/v1/imports/{preview['id']}/apply"
    assert (await api.post(path)).status_code == 409
    # The registry moves on, and with it the number that has to be confirmed.
    await put(api, "employees", roster(11))
    assert (await api.post(path, {"confirm_leavers": 2})).status_code == 409
    applied = await api.post(path, {"confirm_leavers": 3})
    assert (applied.json()["state"], applied.json()["leavers"]) == ("applied", 3)


async def test_who_stands_in_a_rejected_row_has_not_left(api):
    await put(api, "work_units", UNITS)
    await put(api, "employees", roster(*range(1, 41)))
    rows = [f"{nip(n)},P{n},pppk,16.01,," for n in range(1, 38)]
    faulty = [f"{nip(38)},,pppk,16.01,,", f"{nip(39)},P39,pppk,99,,"]
    made = (await full(api, table(*rows, *faulty))).json()
    assert (made["rejected"], made["leavers"], made["leavers_withheld"]) == (2, 1, False)
    standings = {key: each["standing"] for key, each in (await people(api)).items()}
    assert [standings[nip(n)] for n in (38, 39, 40)] == ["active", "active", "left"]
    # Somebody stands in this row, and nobody can tell who.
    unreadable = (await full(api, table(*rows, "1.99E+17,P38,pppk,16.01,,"))).json()
    assert (unreadable["leavers"], unreadable["leavers_withheld"]) == (0, True)
    assert (await people(api))[nip(39)]["standing"] == "active"


async def test_a_list_may_be_full_for_one_category_alone(api):
    await put(api, "work_units", UNITS)
    await put(api, "employees", roster(*range(1, 21)))
    pns = table("199001012015041001,Sari,pns,16.01,,")
    await put(api, "employees", pns)
    made = (await full(api, roster(*range(1, 21)), full_of="pppk")).json()
    assert (made["full_of"], made["leavers"]) == ("pppk", 0)
    assert (await full(api, roster(*range(1, 21)))).json()["leavers"] == 1


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"mode": "semua"}, "/mode"),
        ({"full_of": "pppk"}, "/full_of"),
        ({"mode": "full", "full_of": "honorer"}, "/full_of"),
        ({"mode": "full", "confirm_leavers": "-1"}, "/confirm_leavers"),
        ({"mode": "full", "confirm_leavers": "banyak"}, "/confirm_leavers"),
        ({"mode": "full", "kind": "accounts"}, "/mode"),
    ],
)
async def test_an_order_that_is_not_understood_is_refused(api, fields, pointer):
    answer = await api.upload("/v1/imports", roster(1), **{"kind": "employees", **fields})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


FAULTY = table(
    f"{nip(1)},Budi,pppk,16.01,Guru,",
    f"{nip(2)},=Siti,pppk,99,Guru,",
    f"{nip(3)},Rina,honorer,16.01,,",
    "1.99E+17,Dewi,pppk,16.01,,",
)


async def test_rejected_rows_are_mended_and_sent_again(api):
    await put(api, "work_units", UNITS)
    made = await put(api, "employees", FAULTY)
    assert (made["accepted"], made["rejected"]) == (1, 3)
    answer = await api.get(f"/v1/imports/{made['id']}/errors.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["nip"], row["name"], row["unit_code"]) for row in rows] == [
        (f"'{nip(2)}", "'=Siti", "99"),
        (f"'{nip(3)}", "Rina", "16.01"),
        ("'1.99E+17", "Dewi", "16.01"),
    ]
    mended = answer.text.replace(",99,", ",16.02,").replace("honorer", "pppk")
    again = await put(api, "employees", mended.replace("1.99E+17", nip(4)))
    assert (again["accepted"], again["rejected"], again["inserted"]) == (3, 0, 3)
    assert set(await people(api)) == {nip(n) for n in (1, 2, 3, 4)}


@pytest.mark.parametrize("dry_run", ["false", "true"])
async def test_the_workbook_of_errors_can_be_sent_again_as_it_is(api, dry_run):
    await put(api, "work_units", UNITS)
    made = await put(api, "employees", FAULTY, dry_run=dry_run)
    answer = await api.get(f"/v1/imports/{made['id']}/errors.xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [row[0] for row in cells] == [nip(2), nip(3), "1.99E+17"]
    assert [row[1] for row in cells] == ["=Siti", "Rina", "Dewi"]
    again = await put(api, "employees", answer.content)
    assert [(each["line"], each["code"]) for each in again["faults"]] == [
        (2, "unknown_unit"),
        (3, "unknown_category"),
        (4, "scientific"),
    ]


async def test_accounts_and_units_are_given_back_too(api):
    await put(api, "work_units", UNITS)
    await put(api, "employees", roster(1))
    accounts = (
        "nip,platform,account,attested_on\n"
        f"{nip(9)},instagram,budi.asn,2026-01-01\n{nip(8)},,tidak punya,\n{nip(1)},mars,x,\n"
    )
    made = await put(api, "accounts", accounts)
    answer = await api.get(f"/v1/imports/{made['id']}/errors.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["nip"], row["platform"], row["account"], row["attested_on"]) for row in rows] == [
        (f"'{nip(9)}", "instagram", "budi.asn", "2026-01-01"),
        (f"'{nip(8)}", "", "tidak punya", ""),
        (f"'{nip(1)}", "mars", "x", ""),
    ]
    units = await put(api, "work_units", "code,name,parent_code\nE,Yatim,X\n,Tanpa Kode,\n")
    table_of_units = await api.get(f"/v1/imports/{units['id']}/errors.csv")
    assert table_of_units.text.splitlines()[1].startswith("E,Yatim,X,,2,parent_code,")
    assert table_of_units.text.splitlines()[2].startswith(",Tanpa Kode,,,3,code,empty,")


async def test_addresses_are_given_back_to_who_may_read_them(api, http, services):
    services.settings.token_keys = SecretStr(KEYS)
    await put(api, "work_units", UNITS)
    row = f"nip,name,category,unit_code,phone\n{nip(1)},Budi,pppk,99,081234567890\n"
    made = await put(api, "employees", row)
    path = f"/v1/imports/{made['id']}/errors.csv"
    assert "'+6281234567890" in (await api.get(path)).text
    scopes = ["imports:read", "employees:read", "employees:read_nip"]
    reader = Api(http, (await make_key(api, scopes=scopes))["token"])
    seen = (await reader.get(path)).text
    assert nip(1) in seen
    assert "81234567890" not in seen


async def test_giving_rows_back_is_an_export_of_whom_they_name(api):
    await put(api, "work_units", UNITS)
    await put(api, "employees", roster(1))
    made = await put(api, "employees", table(f"{nip(1)},Budi,pppk,99,,"))
    await api.get(f"/v1/imports/{made['id']}/errors.csv")
    employee = (await people(api))[nip(1)]["id"]
    trail = (await api.get("/v1/audit", kind="export", employee=employee)).json()["items"]
    assert [each["subject_id"] for each in trail] == [made["id"]]


@pytest.mark.parametrize("kind", ["employees", "accounts", "work_units"])
async def test_templates_are_tables_that_are_understood(api, kind):
    as_text = await api.get("/v1/imports/template", kind=kind, form="csv")
    assert as_text.headers["content-disposition"].endswith(f'"{kind}.csv"')
    book = await api.get("/v1/imports/template", kind=kind)
    sheet, guide = load_workbook(io.BytesIO(book.content)).worksheets
    assert [cell.value for cell in sheet[1]] == as_text.text.strip().split(",")
    assert sheet.column_dimensions["A"].width
    assert guide.title == "Petunjuk"
    for content in (as_text.content, book.content):
        refused = await api.upload("/v1/imports", content, kind=kind)
        assert "no rows" in refused.json()["detail"]
    assert (await api.get("/v1/imports/template", kind="pegawai")).status_code == 422


async def test_the_same_file_says_that_it_was_here(api):
    await put(api, "work_units", UNITS)
    first = await put(api, "employees", roster(1, 2))
    again = await put(api, "employees", roster(1, 2))
    assert (first["same_as"], again["same_as"]) == (None, first["id"])
    assert (again["inserted"], again["changed"], again["unchanged"]) == (0, 0, 2)
    other = await full(api, roster(1, 2))
    assert other.json()["same_as"] is None


async def test_an_import_is_seen_while_it_runs_and_runs_once(separate_services):
    services = separate_services
    government = await make_government(services, "sumsel")
    caller = operator_of(government.tenant_id)
    rows = "\n".join(f"{number},Unit {number}" for number in range(TELL_EVERY + 3_000))
    content, seen = f"kode,nama\n{rows}\n".encode(), []

    async def look(state: ImportState, rows: int, share: float) -> None:
        async with services.database.transaction(government.tenant_id) as session:
            found = await session.execute(text("SELECT state, rows, share_read FROM imports"))
            seen.append(tuple(found.one()))
        with pytest.raises(StillRunning):
            await bring()

    async def bring(hears=exchange.hears_nothing):
        file = io.BytesIO(content)
        return await exchange.import_file(
            services, caller, ImportKind.WORK_UNITS, file, Order(), hears=hears
        )

    made = await bring(look)
    assert [(state, rows) for state, rows, _ in seen] == [
        ("reading", TELL_EVERY),
        ("merging", TELL_EVERY + 3_000),
    ]
    assert 0.5 < seen[0][2] < seen[1][2] == 1.0
    assert (made.state, made.inserted, made.share_read) == ("applied", TELL_EVERY + 3_000, None)


async def test_what_is_cut_off_has_written_nothing_and_is_sent_again(separate_services):
    services = separate_services
    government = await make_government(services, "sumsel")
    caller = operator_of(government.tenant_id)
    content = b"kode,nama\n16,Provinsi\n16.01,Dinas\n"
    reached = asyncio.Event()

    async def stop(state: ImportState, rows: int, share: float) -> None:
        reached.set()
        await asyncio.Event().wait()

    work = asyncio.create_task(
        exchange.import_file(
            services, caller, ImportKind.WORK_UNITS, io.BytesIO(content), Order(), hears=stop
        )
    )
    await reached.wait()
    # As if the machine had lost its power: the connection ends, and nobody tidies up.
    async with services.database.system() as session:
        await session.execute(text("SELECT set_config('role', 'none', true)"))
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND state = 'idle in transaction'"
            )
        )
    async with services.database.transaction(government.tenant_id) as session:
        states = (await session.scalars(text("SELECT state FROM imports"))).all()
        units = (await session.scalars(text("SELECT count(*) FROM work_units"))).one()
    assert (states, units) == (["merging"], 0)
    made = await exchange.import_file(
        services, caller, ImportKind.WORK_UNITS, io.BytesIO(content), Order()
    )
    assert made.inserted == 2
    async with services.database.transaction(government.tenant_id) as session:
        states = (await session.scalars(text("SELECT state FROM imports"))).all()
    assert states == ["applied"]
    work.cancel()
    await asyncio.wait([work])
