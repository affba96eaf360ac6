"""Instagram: who has written to the official account, page by page, and never anybody else."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given

from app.core.clock import SettableClock
from app.platforms import base
from app.platforms.access import Access
from app.platforms.base import Adapter, Target
from app.platforms.instagram import InstagramAdapter
from tests.platforms.meta_world import (
    FB,
    IG,
    IG_ID,
    NOW,
    OFFICIAL,
    OWN,
    adapter,
    order,
    refusing,
    sandbox,
    saying,
)
from tests.platforms.wire import JSON_VALUES, Till

CONNECTED = replace(OFFICIAL[IG], access_token=OWN[IG])
US = {"username": "pemprov_demo", "id": IG_ID}


async def writers(asking: Adapter, official: Target = CONNECTED) -> list[dict[str, str]]:
    return [dict(page) async for page in asking.scoped_ids(official)]


async def writers_error(asking: Adapter, official: Target = CONNECTED) -> base.PlatformError:
    with pytest.raises(base.PlatformError) as caught:
        await writers(asking, official)
    return caught.value


def person(name: str | None, scoped_id: Any = "igsid-7") -> dict[str, Any]:
    return {"id": scoped_id, **({} if name is None else {"username": name})}


def conversation(*people: dict[str, Any], number: int = 1) -> dict[str, Any]:
    return {"id": f"aWd{number}", "participants": {"data": list(people)}}


def page(*conversations: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    paging: dict[str, Any] = {"cursors": {"before": "b", "after": after or "z"}}
    if after is not None:
        paging["next"] = "https://elsewhere.example/?access_token=stolen"
    return {"data": list(conversations), "paging": paging}


def paged(answers: Callable[[str | None], dict[str, Any]]) -> tuple[Adapter, list[httpx.URL]]:
    """An adapter over pages chosen by the cursor that is asked for."""
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return saying(answers(request.url.params.get("after")))(request)

    return adapter(IG, httpx.MockTransport(answer)), asked


async def test_all_who_wrote_are_told_by_handle_over_several_pages():
    pages = await writers(adapter(IG, sandbox()))
    assert len(pages) == 3
    found = {handle: scoped_id for each in pages for handle, scoped_id in each.items()}
    # A follower, a third of the others who are still there, and citizens; not the account itself.
    assert {name for name in found if not name.startswith("warga")} == {
        "budi.demo", "tertutup.demo",
    }  # fmt: skip
    assert found["budi.demo"] == "igsid-17841400000000002"
    assert len(found) == 122


async def test_the_request_is_the_documented_one_and_the_next_address_is_left_alone():
    asking, asked = paged(
        lambda after: (
            page(conversation(US, person("satu"), number=1), after="a/b=&x")
            if after is None
            else page(conversation(US, person("dua"), number=2))
        )
    )
    assert await writers(asking) == [{"satu": "igsid-7"}, {"dua": "igsid-7"}]
    assert {each.host for each in asked} == {"platform.test"}
    assert [each.path for each in asked] == ["/instagram/v26.0/me/conversations"] * 2
    assert [each.params.get("after") for each in asked] == [None, "a/b=&x"]
    for each in asked:
        assert each.params["platform"] == "instagram"
        assert each.params["fields"] == "participants"
        assert each.params["access_token"] == OWN[IG]


@pytest.mark.parametrize(
    ("people", "told"),
    [
        pytest.param([US, person("Budi.ASN")], {"budi.asn": "igsid-7"}, id="handles-in-lower-case"),
        pytest.param([person("budi"), US], {"budi": "igsid-7"}, id="in-any-order"),
        pytest.param(
            [{"username": "PEMPROV_demo", "id": "9"}, person("budi")],
            {"budi": "igsid-7"},
            id="the-account-under-another-id",
        ),
        pytest.param(
            [{"username": "pemprov_baru", "id": IG_ID}, person("budi")],
            {"budi": "igsid-7"},
            id="the-account-under-another-handle",
        ),
        pytest.param([US], {}, id="alone"),
        pytest.param([US, US], {}, id="with-itself"),
        pytest.param([US, person("satu"), person("dua")], {}, id="a-group-says-not-who-wrote"),
        pytest.param([person("satu"), person("dua")], {}, id="not-the-accounts-own"),
        pytest.param([US, person(None)], {}, id="nameless"),
        pytest.param([US, person("")], {}, id="empty-name"),
        pytest.param([], {}, id="nobody"),
    ],
)
async def test_only_the_one_other_person_of_a_conversation_has_written(people, told):
    asking = adapter(IG, httpx.MockTransport(saying(page(conversation(*people)))))
    assert await writers(asking) == [told]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="no-data"),
        pytest.param({"data": {}}, id="no-list"),
        pytest.param({"data": [7]}, id="no-objects"),
        pytest.param(page({"participants": {"data": []}}), id="a-conversation-without-an-id"),
        pytest.param(page({"id": "a", "participants": []}), id="participants-in-another-form"),
        pytest.param(page({"id": "a", "participants": {"data": 1}}), id="participants-are-no-list"),
        pytest.param(page(conversation(US, person("budi", 7))), id="id-is-no-text"),
        pytest.param(page(conversation(US, person("budi", "../me?x=1"))), id="hostile-id"),
        pytest.param({"data": [], "paging": {"next": "x", "cursors": {}}}, id="no-cursor"),
        pytest.param({"data": [], "paging": {"next": "x", "cursors": 1}}, id="broken-cursors"),
    ],
)
async def test_what_is_not_understood_ends_the_walk(body):
    asking = adapter(IG, httpx.MockTransport(saying(body)))
    assert type(await writers_error(asking)) is base.ParseFailed


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        pytest.param(
            lambda after: page(conversation(US, person("a"), number=len(after or "")), after="aa"),
            "a repeated cursor",
            id="cursor-loop",
        ),
        pytest.param(
            lambda after: page(conversation(US, person("a")), after=f"{after}a"),
            "a repeated page",
            id="repeated-page",
        ),
        pytest.param(lambda after: page(after=f"{after}a"), "only empty pages", id="empty-pages"),
    ],
)
async def test_a_walk_in_circles_ends(answers, reason):
    asking, asked = paged(answers)
    error = await writers_error(asking)
    assert (type(error), error.reason) == (base.ParseFailed, reason)
    assert len(asked) <= 101


async def test_without_the_accounts_token_nobody_is_asked():
    def refuse(_: httpx.Request) -> httpx.Response:
        raise AssertionError("asked")

    asking = adapter(IG, httpx.MockTransport(refuse))
    assert type(await writers_error(asking, OFFICIAL[IG])) is base.CredentialsBad


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(refusing(190), base.CredentialsBad, id="token"),
        pytest.param(refusing(10), base.CredentialsBad, id="permission"),
        pytest.param(refusing(1), base.Unavailable, id="too-much-work"),
        pytest.param(refusing(80002), base.RateLimited, id="limit"),
    ],
)
async def test_refusals_are_told_by_their_code(body, error):
    asking = adapter(IG, httpx.MockTransport(saying(body, 400)))
    assert type(await writers_error(asking)) is error


async def test_messages_take_nothing_from_the_budget_of_counting():
    till = Till()
    access = Access(
        IG, SettableClock(NOW), base_url="http://platform.test/instagram", gate=till,
        transport=sandbox(),
    )  # fmt: skip
    asking = InstagramAdapter(access)
    await asking.counts([CONNECTED])
    await writers(asking)
    person = Target("budi.demo", scoped_id="igsid-17841400000000002")
    await asking.follows(CONNECTED, [person])
    counting, *messages = [credential for credential, _ in till.paid]
    assert len(messages) == 4
    assert len(set(messages)) == 1
    assert counting not in messages
    assert OWN[IG] not in str(till.paid)


@pytest.mark.parametrize("fault", ["cursor_loop", "duplicate_pages"])
async def test_lists_that_go_round_are_noticed(fault):
    transport = sandbox()
    await order(transport, IG, fault)
    assert type(await writers_error(adapter(IG, transport))) is base.ParseFailed


@pytest.mark.parametrize(("fault", "told"), [("short_list", 25), ("hidden_list", 0)])
async def test_a_list_that_ends_too_early_names_fewer_people(fault, told):
    """That is no lie: whoever is missing is asked about by nobody."""
    transport = sandbox()
    await order(transport, IG, fault)
    assert sum(map(len, await writers(adapter(IG, transport)))) == told


async def test_other_platforms_have_no_scoped_ids():
    assert type(await writers_error(adapter(FB, sandbox()))) is base.NotSupported


@given(body=JSON_VALUES)
async def test_no_answer_makes_a_writer_out_of_nothing(body):
    asking = adapter(IG, httpx.MockTransport(saying({"data": body})))
    try:
        found = await writers(asking)
    except base.PlatformError:
        return
    assert not any(found)


@given(participants=JSON_VALUES)
async def test_no_participants_make_a_writer_out_of_nothing(participants):
    told = {"id": "a", "participants": {"data": participants}}
    asking = adapter(IG, httpx.MockTransport(saying({"data": [told]})))
    try:
        found = await writers(asking)
    except base.PlatformError:
        return
    assert not any(found)
