"""Which alerts fire, by named cases; their limits are those of Prometheus' rules."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app.gauges.rules import AccountSeen
from app.grafana import rules
from app.grafana.rules import Alert, CampaignState, ConnectionState
from tests.support import NOW

ID = UUID(int=1)
HOUR, DAY, MOMENT = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
PROMETHEUS = Path(__file__).parents[2] / "prometheus" / "rules.yml"


def fired(watched) -> dict[Alert, bool]:
    return {each.alert: each.firing for each in watched}


@pytest.mark.parametrize(
    ("age", "listed", "void", "expected"),
    [
        pytest.param(None, None, False, {Alert.COUNT_STALE: True, Alert.LIST_VOID: False},
                     id="never-read"),
        pytest.param(6 * HOUR, None, False, {Alert.COUNT_STALE: False, Alert.LIST_VOID: False},
                     id="just-fresh"),
        pytest.param(6 * HOUR + MOMENT, None, True,
                     {Alert.COUNT_STALE: True, Alert.LIST_VOID: True},
                     id="stale-and-void"),
        pytest.param(HOUR, 20 * DAY, False,
                     {Alert.COUNT_STALE: False, Alert.LIST_STALE: False, Alert.LIST_VOID: False},
                     id="list-just-fresh"),
        pytest.param(HOUR, 20 * DAY + MOMENT, False,
                     {Alert.COUNT_STALE: False, Alert.LIST_STALE: True, Alert.LIST_VOID: False},
                     id="list-stale"),
    ],
)  # fmt: skip
def test_alerts_of_an_official_account(age, listed, void, expected):
    seen = AccountSeen(
        ID,
        "instagram",
        None if age is None else 7,
        None if age is None else NOW - age,
        None if listed is None else NOW - listed,
        latest_list_is_void=void,
    )
    assert fired(rules.of_accounts([seen], NOW)) == expected


@pytest.mark.parametrize(
    ("connections", "lost", "expiring"),
    [
        pytest.param([(False, None)], False, False, id="for-good"),
        pytest.param([(False, 7 * DAY)], False, False, id="not-yet"),
        pytest.param([(False, 7 * DAY - MOMENT)], False, True, id="soon"),
        pytest.param([(True, HOUR)], True, False, id="lost-is-no-more-expiring"),
        pytest.param([(False, None), (True, None)], True, False, id="one-of-two"),
    ],
)
def test_alerts_of_connections_are_one_row_an_account(connections, lost, expiring):
    states = [
        ConnectionState(ID, gone, None if left is None else NOW + left)
        for gone, left in connections
    ]
    watched = list(rules.of_connections(states, NOW))
    assert fired(watched) == {Alert.CONNECTION_LOST: lost, Alert.CONNECTION_EXPIRING: expiring}
    assert len(watched) == 2


@pytest.mark.parametrize(
    ("judged", "known", "expected"),
    [
        pytest.param(None, None, {Alert.CAMPAIGN_NOT_JUDGED: True}, id="never-judged-nothing-told"),
        pytest.param(HOUR, 0.5, {Alert.CAMPAIGN_NOT_JUDGED: False, Alert.COVERAGE_LOW: False},
                     id="calm"),
        pytest.param(HOUR + MOMENT, 0.49, {Alert.CAMPAIGN_NOT_JUDGED: True,
                     Alert.COVERAGE_LOW: True}, id="late-and-little-known"),
    ],
)  # fmt: skip
def test_alerts_of_campaigns(judged, known, expected):
    state = CampaignState(ID, None if judged is None else NOW - judged, known)
    assert fired(rules.of_campaigns([state], NOW)) == expected


@pytest.mark.parametrize(
    ("counts", "known", "met"),
    [
        ((0, 0, 0, 0), None, None),
        ((0, 0, 3, 0), 0.0, None),
        ((1, 1, 1, 1), 0.5, 0.5),
        ((0, 2, 0, 0), 1.0, 0.0),
    ],
)
def test_shares_of_nothing_are_unknown(counts, known, met):
    told = dict(zip(("met", "unmet", "unknown", "disputed"), counts, strict=True))
    assert (rules.known_share(told), rules.met_share(told)) == (known, met)


@pytest.mark.parametrize(
    ("alert", "limit"),
    [
        ("SimedsosCountStale", rules.COUNT_STALE_AFTER),
        ("SimedsosListStale", rules.LIST_STALE_AFTER),
        ("SimedsosCredentialExpiring", rules.EXPIRING_WITHIN),
        ("SimedsosCampaignNotJudged", rules.JUDGED_WITHIN),
    ],
)
def test_limits_are_those_of_prometheus(alert, limit):
    told = PROMETHEUS.read_text().split(f"- alert: {alert}\n", 1)[1].split("for:", 1)[0]
    [written] = re.findall(r"[<>] (\d+(?: \* \d+)?)\s*$", told.strip())
    seconds = 1
    for factor in written.split(" * "):
        seconds *= int(factor)
    assert timedelta(seconds=seconds) == limit


def test_little_coverage_is_that_of_prometheus():
    told = PROMETHEUS.read_text().split("- alert: SimedsosCoverageLow\n", 1)[1]
    assert f"< {rules.LOW_COVERAGE}" in told.split("for:", 1)[0]
