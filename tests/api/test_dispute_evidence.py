"""A dispute may point at evidence, and only at what is about this employee and this duty."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from typing import Any

from app.core.ids import new_id
from tests.api.exports import export, instagram_own
from tests.api.test_compliance import CITIZENS, account, registry, upload  # noqa: F401
from tests.api.test_due_process import Office, office  # noqa: F401
from tests.api.test_evidence import Desk
from tests.api.test_growth import official_account
from tests.support import NOW


async def desk_of(office: Office, number: str) -> Desk:
    found = await office.api.get(f"/v1/employees/{office.people[number]}/accounts")
    return Desk(office.api, found.json()["items"][0], office.official)


async def shown_by(office: Office, number: str, handle: str) -> dict[str, Any]:
    file = instagram_own([("pemprovsumsel", NOW)], owner=handle)
    answer = await (await desk_of(office, number)).hand_in(file)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_dispute_names_what_it_points_at(office):
    shown = await shown_by(office, "3", "tiga")
    said = await (await desk_of(office, "3")).review(source="self_declared")
    path = f"/v1/official-accounts/{office.official['id']}/follower-lists"
    [first, _] = (await office.api.get(path)).json()["items"]
    ids = [first["id"], shown["facts"][0]["id"], shown["id"], said.json()["id"]]
    filed = await office.dispute(evidence_ids=ids)
    assert filed.status_code == 201, filed.text
    assert filed.json()["evidence_ids"] == ids
    read = await office.api.get(f"/v1/disputes/{filed.json()['id']}")
    assert read.json() == filed.json()
    [listed] = (await office.api.get("/v1/disputes")).json()["items"]
    assert listed["evidence_ids"] == ids


async def test_a_dispute_without_evidence_points_at_nothing(office):
    assert (await office.dispute()).json()["evidence_ids"] == []


async def test_what_is_about_somebody_or_something_else_is_refused(office):
    mine = await shown_by(office, "3", "tiga")
    others = await shown_by(office, "4", "empat")
    elsewhere = await official_account(office.api, "diskominfosumsel")
    other_list = (await upload(office.api, elsewhere, export(CITIZENS, owner=None), NOW)).json()
    about_elsewhere = await Desk(
        office.api, (await desk_of(office, "3")).account, elsewhere
    ).review(taken_at=NOW.isoformat())
    foreign = [
        others["id"],
        others["facts"][0]["id"],
        str(new_id()),
        other_list["id"],
        about_elsewhere.json()["facts"][0]["id"],
    ]
    refused = await office.dispute(evidence_ids=[mine["id"], *foreign])
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == [
        f"/evidence_ids/{place}" for place in range(1, 6)
    ]
    assert (await office.api.get("/v1/disputes")).json()["items"] == []
    answer = await office.dispute("7", "declare", evidence_ids=[mine["id"]])
    assert answer.json()["errors"][0]["pointer"] == "/evidence_ids/0"
