"""What headers say about budgets, in every platform's way of writing, and when they say nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.headers import Headroom, headroom, retry_at, usage_pause
from tests.support import NOW

UNIX = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"retry-after": "7"}, 7, id="seconds"),
        pytest.param({"retry-after": "0"}, 1, id="at-least-a-second"),
        pytest.param({"retry-after": "9999999999"}, 86400, id="at-most-a-day"),
        pytest.param({"retry-after": "Tue, 24 Nov 2026 03:00:30 GMT"}, 30, id="date"),
        pytest.param({"retry-after": "Tue, 24 Nov 2020 03:00:30 GMT"}, 1, id="date-gone"),
        pytest.param({"retry-after": "Tue, 24 Nov 99999999999999 03:00:30"}, 60, id="huge-year"),
        pytest.param({"retry-after": "-5"}, 60, id="negative"),
        pytest.param({"x-rate-limit-reset": str(UNIX + 40)}, 40, id="x"),
        pytest.param(
            {"x-ratelimit-reset": "2026-11-24T03:01:30.809356Z"}, 90.809356, id="mastodon"
        ),
        pytest.param({"x-ratelimit-reset": "2026-11-24T10:01:30+07:00"}, 90, id="mastodon-zone"),
        pytest.param({"ratelimit-reset": str(UNIX + 12)}, 12, id="bluesky"),
        pytest.param({"ratelimit-reset": "12"}, 12, id="seconds-from-now"),
        pytest.param({"ratelimit-reset": str(UNIX - 12)}, 1, id="reset-gone"),
        pytest.param({"retry-after": "5", "ratelimit-reset": "50"}, 5, id="retry-after-first"),
        pytest.param(
            {
                "x-business-use-case-usage": '{"1": [{"call_count": 100,'
                ' "estimated_time_to_regain_access": 19}]}'
            },
            19 * 60,
            id="meta-minutes",
        ),
        pytest.param({"x-app-usage": '{"call_count": 100}'}, 300, id="meta-full"),
        pytest.param({"x-app-usage": '{"call_count": 94}'}, 60, id="meta-room"),
        pytest.param({"retry-after": "soon"}, 60, id="nonsense"),
        pytest.param({}, 60, id="nothing"),
    ],
)
def test_when_to_ask_again(headers, seconds):
    assert retry_at(headers, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(
            {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(UNIX + 900)},
            Headroom(0, NOW + timedelta(minutes=15)),
            id="x",
        ),
        pytest.param(
            {"x-ratelimit-remaining": "299", "x-ratelimit-reset": "2026-11-24T03:05:00.000Z"},
            Headroom(299, NOW + timedelta(minutes=5)),
            id="mastodon",
        ),
        pytest.param(
            {"ratelimit-remaining": "2999", "ratelimit-reset": str(UNIX + 300)},
            Headroom(2999, NOW + timedelta(minutes=5)),
            id="bluesky",
        ),
        pytest.param({"ratelimit-remaining": "5"}, None, id="no-reset"),
        pytest.param({"ratelimit-reset": str(UNIX + 300)}, None, id="no-number"),
        pytest.param(
            {"ratelimit-remaining": "5", "ratelimit-reset": str(UNIX - 1)}, None, id="long-past"
        ),
        pytest.param(
            {"ratelimit-remaining": "-1", "ratelimit-reset": str(UNIX + 9)}, None, id="negative"
        ),
        pytest.param({"x-app-usage": '{"call_count": 10}'}, None, id="percentages-are-no-number"),
    ],
)
def test_what_is_left(headers, expected):
    assert headroom(headers, NOW) == expected


@pytest.mark.parametrize(
    ("usage", "minutes"),
    [
        pytest.param('{"call_count": 95}', 5, id="nearly-full"),
        pytest.param('{"call_count": 1, "total_time": 100}', 5, id="any-share"),
        pytest.param('{"call_count": 94.9}', None, id="room"),
        pytest.param('{"1": [{"call_count": 2}], "2": [{"total_time": 99}]}', 5, id="any-business"),
        pytest.param('{"1": [{"estimated_time_to_regain_access": 30}]}', 30, id="minutes-are-told"),
        pytest.param(
            '{"1": [{"estimated_time_to_regain_access": 2000}]}', 1440, id="a-day-at-most"
        ),
        pytest.param('{"call_count": true}', None, id="no-number"),
        pytest.param('{"call_count": NaN}', None, id="nan"),
        pytest.param('{"call_count": 1e400}', None, id="infinite"),
        pytest.param("[" * 5000, None, id="deep"),
        pytest.param("[1]", None, id="list"),
        pytest.param("x", None, id="garbage"),
    ],
)
def test_meta_is_left_alone_before_it_is_full(usage, minutes):
    expected = None if minutes is None else NOW + timedelta(minutes=minutes)
    assert usage_pause({"x-business-use-case-usage": usage}, NOW) == expected


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "ratelimit-remaining",
                "ratelimit-reset",
                "retry-after",
                "x-app-usage",
                "x-rate-limit-reset",
                "x-ratelimit-remaining",
                "x-ratelimit-reset",
            ]
        ),
        st.one_of(
            st.text(max_size=40),
            st.integers().map(str),
            st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
            st.datetimes().map(lambda moment: moment.strftime("%a, %d %b %Y %H:%M:%S GMT")),
        ),
    )
)
def test_any_headers_lead_to_a_moment_within_a_day(headers):
    moment = retry_at(headers, NOW)
    assert NOW + timedelta(seconds=1) <= moment <= NOW + timedelta(hours=24)
    found = headroom(headers, NOW)
    assert found is None or (found.left >= 0 and found.resets_at > NOW)
    usage_pause(headers, NOW)
