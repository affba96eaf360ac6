"""The drift report on a real registry: nothing is changed, and no failure is an absence."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest
from sqlalchemy import text

from app.cli.operator import operator_of
from app.cli.siasn import drift_facts
from app.main import create_app
from app.siasn.client import Siasn
from app.siasn.errors import Unavailable
from app.siasn.reading import Servant
from app.siasn.sandbox import Fault, Invented, Office
from app.siasn.service import FAILURES_IN_A_ROW, Drift, drift
from tests.api.test_imports import put, table
from tests.conftest import make_government
from tests.siasn.test_client import ACCESS
from tests.support import Api, nip

TOTAL = 12


class Waits:
    """A pause that takes no time, and remembers how long it should have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
async def registry(api):
    """Twelve employees; the units bear no ids of BKN."""
    await put(api, "work_units", "code,name,parent_code\n16,Provinsi,\n")
    rows = [f"{nip(number)},Pegawai {number},pppk,16,," for number in range(1, TOTAL + 1)]
    await put(api, "employees", table(*rows))


@pytest.fixture
def office(clock) -> Office:
    return Office(
        clock,
        [Invented(nip(number), f"Pegawai {number}", "PPPK", "PPPK Aktif")
         for number in range(1, TOTAL + 1)],
    )  # fmt: skip


@pytest.fixture
def compare(services, government, registry, office, clock):
    """The report, as the operator gets it."""

    async def run(**options: object) -> Drift:
        siasn = Siasn(ACCESS, clock, transport=httpx.ASGITransport(app=office.app()))
        caller = operator_of(government.tenant_id)
        found = await drift(services.database, caller, siasn, clock=clock, **options)  # type: ignore[arg-type]
        groups = found.agree + len(found.differ) + len(found.unknown_there)
        assert groups + found.not_answered.total() == found.employees
        return found

    return run


async def rows_of(services, government) -> Sequence[object]:
    async with services.database.transaction(government.tenant_id) as session:
        counted = await session.execute(
            text(
                "SELECT (SELECT count(*) FROM changes),"
                " (SELECT string_agg(CAST(e AS text), '' ORDER BY id) FROM employees e)"
            )
        )
        return tuple(counted.one())


async def test_it_says_where_they_differ_and_changes_nothing(
    compare, office, services, government, api
):
    before = await rows_of(services, government)
    people = list(office.people)
    people[1] = Invented(nip(2), "Orang Lain", "PPPK", "Pensiun")
    del people[2]
    office.people = people
    found = await compare()
    assert (found.employees, found.agree, found.complete) == (TOTAL, TOTAL - 2, True)
    (differing,) = found.differ
    assert list(differing.fields) == ["name", "standing"]
    assert [each.nip for each in found.unknown_there] == ["•" * 15 + nip(3)[-3:]]
    assert found.not_compared == {"unit": TOTAL - 1, "position": TOTAL - 1}
    assert await rows_of(services, government) == before
    words = str(drift_facts(found))
    assert not any(nip(number) in words for number in range(1, TOTAL + 1))
    assert "Orang Lain" not in words


async def test_that_nips_were_shown_to_bkn_is_in_the_audit_chain(compare, services, government):
    await compare(limit=3)
    async with services.database.transaction(government.tenant_id) as session:
        looked = await session.execute(
            text(
                "SELECT kind, cardinality(employee_ids) FROM audit_entries"
                " WHERE operation = 'siasn_drift'"
            )
        )
        assert looked.all() == [("export", 3)]


@pytest.mark.parametrize(
    ("fault", "outcome", "asked"),
    [
        (Fault.SERVER_ERROR, "unavailable", None),
        (Fault.HTML, "login_page", None),
        (Fault.EMPTY, "not_understood", None),
        (Fault.CODE_ZERO, "refused", None),
        (Fault.WRONG_PERSON, "not_understood", None),
        (Fault.SSO_EXPIRED, "sso_refused", 4),
    ],
)
async def test_where_nothing_is_answered_nobody_is_missing(compare, office, fault, outcome, asked):
    office.always = fault
    found = await compare()
    assert (found.agree, found.differ, found.unknown_there) == (0, [], [])
    assert found.ended_because is not None
    assert not found.complete
    # Others were on their way when the asking ended; nobody was asked after that.
    assert len(office.asked) <= (asked or FAILURES_IN_A_ROW + 3)
    assert found.not_answered[outcome] == len(office.asked)
    assert found.not_answered["asking_ended_before"] == TOTAL - len(office.asked)


async def test_failures_that_are_not_in_a_row_end_nothing(compare, office):
    office.faults.extend([Fault.SERVER_ERROR, Fault.SERVER_ERROR, None] * 3)
    found = await compare()
    assert found.ended_because is None
    assert found.not_answered == {"unavailable": 6}
    assert found.agree == TOTAL - 6


async def test_a_little_patience_is_had(compare, office):
    office.faults.append(Fault.RATE_LIMITED)
    waits = Waits()
    found = await compare(pause=waits)
    assert (found.agree, waits.seconds) == (TOTAL, [7.0])


async def test_patience_has_an_end(compare, office):
    office.always = Fault.RATE_LIMITED
    found = await compare(pause=Waits())
    assert found.ended_because is not None
    assert set(found.not_answered) == {"rate_limited", "asking_ended_before"}
    assert found.unknown_there == []


class Crowd:
    """Answers nobody, and counts who waits at once and how many connections are held."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def servant(self, nip: str) -> Servant:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        return Servant(nip, None, None, None, None, None, None)


async def test_few_are_asked_about_at_once(services, government, registry, clock):
    crowd = Crowd()
    caller = operator_of(government.tenant_id)
    found = await drift(services.database, caller, crowd, clock=clock)
    assert (found.employees, crowd.most) == (TOTAL, 4)


async def test_no_connection_is_held_while_siasn_is_asked(separate_services, clock):
    government = await make_government(separate_services, "sumsel")
    transport = httpx.ASGITransport(app=create_app(separate_services))
    async with httpx.AsyncClient(transport=transport, base_url="http://s.test") as client:
        api = Api(client, government.token)
        await put(api, "work_units", "code,name,parent_code\n16,Provinsi,\n")
        await put(api, "employees", table(f"{nip(1)},Pegawai 1,pppk,16,,"))
    held: list[int] = []

    class Looking:
        async def servant(self, nip: str) -> Servant:
            assert nip
            held.append(separate_services.database.bind.pool.checkedout())
            raise Unavailable

    caller = operator_of(government.tenant_id)
    await drift(separate_services.database, caller, Looking(), clock=clock)
    assert held == [0]
