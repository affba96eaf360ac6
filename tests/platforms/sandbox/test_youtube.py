"""The sandbox's YouTube answers as the Data API was seen to answer."""

import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.sandbox.youtube import three_figures
from tests.platforms.sandbox.worlds import CHANNEL, GUBERNUR, KEY, client_of, sandbox

PATH = "/youtube/v3/channels"
PARTS = "id,snippet,statistics"


async def ask(**params: str) -> httpx.Response:
    async with client_of(sandbox()) as client:
        return await client.get(PATH, params=params)


async def test_a_channel_byte_for_byte() -> None:
    answer = await ask(part="id,statistics", id=CHANNEL, key=KEY)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    body = re.sub(r'"etag": "[\w-]{27}"', '"etag": "?"', answer.text)
    assert (
        body
        == """{
  "kind": "youtube#channelListResponse",
  "etag": "?",
  "pageInfo": {
    "totalResults": 1,
    "resultsPerPage": 5
  },
  "items": [
    {
      "kind": "youtube#channel",
      "etag": "?",
      "id": "UCDiskominfoSumselDemo01",
      "statistics": {
        "viewCount": "1204113",
        "subscriberCount": "7430",
        "hiddenSubscriberCount": false,
        "videoCount": "214"
      }
    }
  ]
}
"""
    )


async def test_the_snippet_names_the_channel() -> None:
    answer = await ask(part=PARTS, id=GUBERNUR, key=KEY)
    assert answer.json()["items"][0]["snippet"] == {
        "title": "Akun Contoh",
        "description": "",
        "customUrl": "@gubernurdemo",
        "publishedAt": "2019-04-17T02:00:00Z",
        "localized": {"title": "Akun Contoh", "description": ""},
        "country": "ID",
    }


@pytest.mark.parametrize("handle", ["@gubernurdemo", "gubernurdemo", "@GubernurDemo"])
async def test_a_channel_by_handle(handle: str) -> None:
    answer = await ask(part=PARTS, forHandle=handle, key=KEY)
    (item,) = answer.json()["items"]
    assert item["id"] == GUBERNUR
    assert item["statistics"]["subscriberCount"] == "45200"


async def test_the_key_may_come_as_a_header() -> None:
    async with client_of(sandbox()) as client:
        asked = {"part": PARTS, "id": CHANNEL}
        answer = await client.get(PATH, params=asked, headers={"x-goog-api-key": KEY})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"id": "UCNobody_Nobody_Nobody_1"}, id="unknown-id"),
        pytest.param({"id": CHANNEL.lower()}, id="id-in-another-case"),
        pytest.param({"forHandle": "@nobody"}, id="unknown-handle"),
        pytest.param({"id": "UCClosed_Channel_Demo_01"}, id="terminated"),
    ],
)
async def test_who_is_not_there_has_no_items(asked: dict[str, str]) -> None:
    answer = await ask(part=PARTS, key=KEY, **asked)
    assert answer.status_code == 200
    assert set(answer.json()) == {"kind", "etag", "pageInfo"}
    assert answer.json()["pageInfo"] == {"totalResults": 0, "resultsPerPage": 5}


async def test_items_come_in_an_order_of_their_own_and_once() -> None:
    answer = await ask(part=PARTS, id=f"{CHANNEL},UCNobody,{GUBERNUR},{CHANNEL}", key=KEY)
    assert [item["id"] for item in answer.json()["items"]] == [GUBERNUR, CHANNEL]


async def test_max_results_cuts_the_answer() -> None:
    answer = await ask(part=PARTS, id=f"{CHANNEL},{GUBERNUR}", maxResults="1", key=KEY)
    assert len(answer.json()["items"]) == 1
    assert answer.json()["pageInfo"] == {"totalResults": 2, "resultsPerPage": 1}


async def test_a_hidden_count_is_naught_with_a_flag() -> None:
    answer = await ask(part=PARTS, id="UCHidden_Channel_Demo_01", key=KEY)
    statistics = answer.json()["items"][0]["statistics"]
    assert statistics["hiddenSubscriberCount"] is True
    assert statistics["subscriberCount"] == "0"


@pytest.mark.parametrize(
    ("asked", "code", "reason"),
    [
        pytest.param({"id": CHANNEL, "part": PARTS}, 403, "forbidden", id="no-key"),
        pytest.param(
            {"id": CHANNEL, "part": PARTS, "key": "wrong"}, 400, "keyInvalid", id="wrong-key"
        ),
        pytest.param(
            {"id": CHANNEL, "part": PARTS, "key": "kunci-é"}, 400, "keyInvalid", id="foreign-key"
        ),
        pytest.param({"id": CHANNEL, "key": KEY}, 400, "required", id="no-part"),
        pytest.param(
            {"id": CHANNEL, "key": KEY, "part": "id,soul"}, 400, "unknownPart", id="unknown-part"
        ),
        pytest.param(
            {"part": PARTS, "key": KEY}, 400, "missingRequiredParameter", id="nobody-asked-for"
        ),
        pytest.param(
            {"part": PARTS, "key": KEY, "id": CHANNEL, "forHandle": "@x"},
            400,
            "incompatibleParameters",
            id="id-and-handle",
        ),
        pytest.param(
            {"part": PARTS, "key": KEY, "id": CHANNEL, "maxResults": "51"},
            400,
            "invalidValue",
            id="too-many-results",
        ),
        pytest.param(
            {"part": PARTS, "key": KEY, "id": CHANNEL, "maxResults": "many"},
            400,
            "invalidValue",
            id="results-not-a-number",
        ),
    ],
)
async def test_refusals(asked: dict[str, str], code: int, reason: str) -> None:
    answer = await ask(**asked)
    error = answer.json()["error"]
    assert list(answer.json()) == ["error"]
    assert answer.status_code == error["code"] == code
    assert error["errors"][0]["reason"] == reason
    assert error["errors"][0]["message"] == error["message"]
    assert error["status"] == ("PERMISSION_DENIED" if code == 403 else "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, 0), (7, 7), (999, 999), (1_000, 1_000), (8_582, 8_580), (123_999, 123_000)],
)
def test_three_figures(count: int, expected: int) -> None:
    assert three_figures(count) == expected


@given(st.integers(0, 10**12))
def test_three_figures_never_exceed_the_count(count: int) -> None:
    cut = three_figures(count)
    assert cut <= count < cut + max(1, 10 ** (len(str(count)) - 3))
    assert three_figures(cut) == cut


@given(st.dictionaries(st.sampled_from(["id", "forHandle", "part", "maxResults"]), st.text()))
async def test_any_question_gets_an_answer_in_the_platforms_form(asked: dict[str, str]) -> None:
    answer = await ask(**{"part": PARTS, "id": CHANNEL, "key": KEY, **asked})
    assert answer.status_code in {200, 400}
    assert ("error" in answer.json()) == (answer.status_code == 400)
