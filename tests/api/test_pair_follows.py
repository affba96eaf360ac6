"""Answers about pairs open and end follows, and growth counts whom only they have shown."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from app.platforms import base
from app.platforms.base import PairReading
from tests.api.exports import export
from tests.api.test_compliance import CITIZENS, account, registry, upload  # noqa: F401
from tests.api.test_growth import read_count
from tests.api.test_membership import DAY, Town, by_handle, town  # noqa: F401
from tests.support import NOW
from tests.workers.scripts import pairs_of, rows, run

YES, NO = PairReading(True, "script"), PairReading(False, "script")
FOLLOWS = (
    "SELECT account.handle, follow.first_seen_at, follow.first_kind, follow.first_id,"
    " follow.last_seen_at, follow.last_kind, follow.closed_at, follow.closed_by_kind,"
    " follow.closed_by_id"
    " FROM follows AS follow JOIN accounts AS account ON account.id = follow.account_id"
    " ORDER BY account.handle, follow.first_seen_at"
)


async def ask(town: Town, **outcomes: Any) -> None:
    town.script.following = by_handle(**outcomes)
    await town.ask()


async def answer_ids(town: Town, answer: str) -> list[Any]:
    found = await rows(
        town.services,
        town.government.tenant_id,
        "SELECT id FROM pair_answers WHERE answer = :answer ORDER BY asked_at",
        answer=answer,
    )
    return [each.id for each in found]


async def follows_of(town: Town) -> list[Any]:
    return await rows(town.services, town.government.tenant_id, FOLLOWS)


async def test_a_yes_opens_a_follow_another_extends_it_and_a_no_ends_it(town):
    for outcome in (YES, YES, NO, NO):
        await ask(town, satu=outcome)
        town.clock.at += DAY
    [follow] = await follows_of(town)
    told = await answer_ids(town, "follows")
    assert (follow.handle, follow.first_seen_at, follow.last_seen_at) == ("satu", NOW, NOW + DAY)
    assert (follow.first_kind, follow.first_id) == ("pair_answer", told[0])
    [first_no, _] = await answer_ids(town, "does_not_follow")
    assert (follow.closed_at, follow.closed_by_kind) == (NOW + 2 * DAY, "pair_answer")
    assert follow.closed_by_id == first_no


async def test_who_follows_again_has_two_follows(town):
    for outcome in (YES, NO, YES):
        await ask(town, satu=outcome)
        town.clock.at += DAY
    ended, running = await follows_of(town)
    assert (ended.closed_at, running.first_seen_at) == (NOW + DAY, NOW + 2 * DAY)
    assert running.closed_at is None


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(PairReading(False, "script", blocked=True), id="blocked"),
        pytest.param(base.AccountGone(), id="not-told"),
        pytest.param(base.Unavailable("503"), id="no-answer"),
    ],
)
async def test_what_is_no_answer_neither_opens_nor_ends_a_follow(town, outcome):
    for each in (outcome, YES, outcome):
        await ask(town, satu=each)
        town.clock.at += DAY
    [follow] = await follows_of(town)
    assert (follow.first_seen_at, follow.closed_at) == (NOW + DAY, None)


async def test_lists_and_answers_are_one_history(town):
    await ask(town, satu=YES, tiga=YES)
    town.clock.at += DAY
    followers = [base.Follower("id-satu", "satu"), base.Follower("id-w", "warga")]
    await town.read(followers)
    town.clock.at += DAY
    await ask(town, satu=NO)
    seen, open_one = await follows_of(town)
    assert (seen.handle, seen.first_kind, seen.last_kind) == (
        "satu",
        "pair_answer",
        "follower_list",
    )
    assert (seen.last_seen_at, seen.closed_at) == (NOW + DAY, NOW + 2 * DAY)
    # A list of ids says nothing of `tiga`, whose id nobody knows.
    assert (open_one.handle, open_one.closed_at) == ("tiga", None)


async def before_of(town: Town, since: datetime) -> dict[str, int]:
    """Of how many people growth says that they followed before a moment."""
    answer = await town.api.get(
        f"/v1/official-accounts/{town.official['id']}/growth", **{"from": since.isoformat()}
    )
    found: dict[str, int] = answer.json()["attribution"]["cohort_before"]
    return found


async def test_growth_counts_whom_only_answers_have_shown(town):
    await read_count(town.api, town.official, NOW, followers=50)
    await ask(town, satu=YES, dua=YES)
    town.clock.at += 2 * DAY
    assert await before_of(town, NOW + DAY) == {"min": 2, "max": 5}
    await ask(town, satu=YES, dua=NO)
    town.clock.at += DAY
    assert (await before_of(town, NOW + DAY))["min"] == 1


async def moves_told(town: Town) -> list[int]:
    """What each batch of answers has told of itself, before its round came to an end."""
    found = await rows(
        town.services,
        town.government.tenant_id,
        "SELECT facts FROM changes WHERE kind = 'pair_answers:taken' ORDER BY sequence",
    )
    return [each.facts["follows_moved"] for each in found if "follows_moved" in each.facts]


async def test_answers_that_move_a_follow_are_told_at_once_and_others_are_not(town):
    """Remembered growth is given again until a change is told."""
    for outcome, told in ((YES, [1]), (YES, [1]), (NO, [1, 1]), (NO, [1, 1])):
        await ask(town, satu=outcome)
        town.clock.at += DAY
        assert await moves_told(town) == told


async def test_a_list_between_two_answers_is_not_taken_for_one_that_shows_the_account(
    town, connection
):  # fmt: skip
    for _ in range(2):
        await ask(town, satu=YES)
        town.clock.at += 2 * DAY
    # The handle is corrected: what was answered about the old one says nothing any more.
    await connection.execute(
        text("UPDATE accounts SET declared_at = :now WHERE handle = 'satu'"),
        {"now": town.clock.at},
    )
    town.clock.at += DAY
    taken = await upload(town.api, town.official, export(CITIZENS), NOW + DAY)
    assert taken.json()["certificate"]["verdict"] == "partial"
    await town.judge()
    assert await town.follow_of("1") == "unknown:list_partial"


async def test_the_same_round_again_changes_no_follow(town):
    await ask(town, satu=YES, dua=NO)
    before = await follows_of(town)
    await run(town.services, town.script, pairs_of(town.government, town.official, town.clock.at))
    assert await follows_of(town) == before


@pytest.mark.parametrize(
    ("change", "name"),
    [
        pytest.param("first_id = NULL", "follows_name_their_evidence", id="first"),
        pytest.param("last_id = NULL", "follows_name_their_evidence", id="last"),
        pytest.param(
            "closed_at = last_seen_at + interval '1 day'",
            "closed_follows_name_what_closed_them",
            id="closed-by-nothing",
        ),
        pytest.param(
            "closed_at = last_seen_at, closed_by_kind = 'pair_answer', closed_by_id = id",
            "follows_close_after_they_were_last_seen",
            id="closed-when-seen",
        ),
        pytest.param("last_kind = 'screenshot'", "last_evidence_is_known", id="kind"),
    ],
)
async def test_the_database_refuses_follows_without_evidence(town, connection, change, name):
    await ask(town, satu=YES)
    with pytest.raises(Exception, match=name):
        await connection.execute(text(f"UPDATE follows SET {change}"))  # noqa: S608
