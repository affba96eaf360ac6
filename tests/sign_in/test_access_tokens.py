"""Access tokens of our own issuer: what is taken, what is refused, keys that change."""

import base64
import hmac
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import text

from app.sign_in.issuer import ASKED_AGAIN_AFTER, KEPT_AT_LONGEST, KEPT_FOR
from app.sign_in.rules import SKEW
from tests.sign_in.issuing import AUDIENCE
from tests.support import NOW, Api, nip

A_SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def claims(issuer, **others: Any) -> dict[str, Any]:
    told = {
        "iss": issuer.address,
        "aud": AUDIENCE,
        "sub": "bkd-1",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + HOUR).timestamp()),
        "simedsos_roles": ["bkd_admin"],
        **others,
    }
    return {name: value for name, value in told.items() if value is not None}


def at(moment: timedelta) -> int:
    return int((NOW + moment).timestamp())


async def status(here, token: str, path: str = "/v1/employees") -> int:
    return (await Api(here, token).get(path)).status_code


@pytest.mark.parametrize(
    ("others", "header"),
    [
        pytest.param({}, {}, id="plain"),
        pytest.param({"aud": ["other", AUDIENCE]}, {}, id="among-audiences"),
        pytest.param({"exp": at(-SKEW + A_SECOND)}, {}, id="within-the-skew"),
        pytest.param({"nbf": at(SKEW)}, {}, id="a-clock-ahead"),
        pytest.param({}, {"typ": "application/at+jwt"}, id="long-type"),
        pytest.param({"typ": "Bearer"}, {"typ": "JWT"}, id="keycloak"),
        pytest.param({"simedsos_roles": "portal bkd_admin"}, {}, id="roles-as-text"),
        pytest.param({}, {"jku": "https://evil.example/jwks"}, id="jku-is-ignored"),
    ],
)
async def test_a_token_for_us_is_taken(here, issuer, others, header):
    assert await status(here, issuer.token(claims(issuer, **others), **header)) == 200


@pytest.mark.parametrize(
    ("others", "header"),
    [
        pytest.param({"aud": "other"}, {}, id="other-audience"),
        pytest.param({"aud": None}, {}, id="no-audience"),
        pytest.param({"iss": "https://evil.example"}, {}, id="other-issuer"),
        pytest.param({"exp": at(-SKEW)}, {}, id="expired"),
        pytest.param({"exp": None}, {}, id="no-end"),
        pytest.param({"exp": "tomorrow"}, {}, id="end-is-no-moment"),
        pytest.param({"exp": 10**30}, {}, id="end-beyond-time"),
        pytest.param({"nbf": at(SKEW + A_SECOND)}, {}, id="not-yet"),
        pytest.param({"iat": at(SKEW + A_SECOND)}, {}, id="made-in-the-future"),
        pytest.param({"sub": None}, {}, id="nobody"),
        pytest.param({"sub": 7}, {}, id="number"),
        pytest.param({"sub": "x" * 256}, {}, id="endless-name"),
        pytest.param({}, {"typ": "JWT"}, id="id-token"),
        pytest.param({"typ": "ID"}, {"typ": "JWT"}, id="keycloak-id-token"),
    ],
)
async def test_other_tokens_are_refused(here, issuer, others, header):
    answer = await Api(here, issuer.token(claims(issuer, **others), **header)).get("/v1/employees")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_forged_signatures_are_refused(here, issuer):
    good = issuer.token(claims(issuer))
    head, body, signature = good.split(".")
    other = part({**claims(issuer), "sub": "someone"})
    unsigned = f"{part({'alg': 'none', 'typ': 'at+jwt', 'kid': 'a'})}.{body}."
    for forged in (
        f"{head}.{other}.{signature}",
        f"{head}.{body}.",
        unsigned,
        f"{head}.{body}.{signature[:-4]}AAAA",
        "a.b.c",
        f"{head}.{body}.{signature}.x",
        "x" * 9000,
        "..",
    ):
        assert await status(here, forged) == 401, forged[:40]
    assert await status(here, good) == 200


def signed_by_hand(head: dict[str, Any], body: dict[str, Any], secret: bytes) -> str:
    signed = f"{part(head)}.{part(body)}"
    mac = hmac.new(secret, signed.encode(), sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


async def test_a_published_key_is_nobodys_password(here, issuer):
    # The classic confusion: HS256, with the published key as the secret that both sides share.
    head = {"alg": "HS256", "typ": "at+jwt", "kid": "a"}
    public = issuer.keys["a"].as_pem(private=False)
    assert await status(here, signed_by_hand(head, claims(issuer), public)) == 401
    issuer.published.append({"kty": "oct", "k": "c2VjcmV0", "kid": "weak", "use": "sig"})
    forged = signed_by_hand({**head, "kid": "weak"}, claims(issuer), b"secret")
    assert await status(here, forged) == 401
    critical = signed_by_hand({**head, "crit": ["new"], "new": 1}, claims(issuer), public)
    assert await status(here, critical) == 401


@pytest.mark.parametrize(("kind", "alg"), [("EC", "ES256"), ("OKP", "Ed25519"), ("RSA", "PS256")])
async def test_other_key_pairs_sign_as_well(here, issuer, kind, alg):
    issuer.add("b", kind)
    assert await status(here, issuer.token(claims(issuer), kid="b", alg=alg)) == 200


async def test_a_new_key_is_learned_and_a_stranger_makes_us_ask_seldom(here, issuer, clock):
    assert await status(here, issuer.token(claims(issuer))) == 200
    issuer.add("b")
    fresh = issuer.token(claims(issuer), kid="b")
    assert await status(here, fresh) == 401
    asked = issuer.asked
    clock.at += ASKED_AGAIN_AFTER
    assert await status(here, fresh) == 200
    issuer.keys["unknown"] = issuer.keys["a"]
    for _ in range(20):
        assert await status(here, issuer.token(claims(issuer), kid="unknown")) == 401
    assert issuer.asked == asked + 2


async def test_a_withdrawn_key_opens_nothing(here, issuer, clock):
    old = issuer.token(claims(issuer))
    assert await status(here, old) == 200
    issuer.published.clear()
    issuer.add("b")
    clock.at += KEPT_FOR
    assert await status(here, old) == 401


async def test_an_issuer_that_is_away_lets_in_nobody_new(here, api, issuer, clock):
    issuer.down = True
    token = issuer.token(claims(issuer, exp=at(5 * HOUR)))
    refused = await Api(here, token).get("/v1/employees")
    assert (refused.status_code, "identity provider" in refused.text) == (503, True)
    assert (await api.get("/v1/employees")).status_code == 200
    issuer.down = False
    assert await status(here, token) == 200
    issuer.down = True
    clock.at += KEPT_FOR
    assert await status(here, token) == 200
    clock.at += KEPT_AT_LONGEST
    assert await status(here, token) == 503


async def test_whoever_answers_in_the_issuers_place_is_not_it(here, issuer):
    issuer.named = "https://evil.example"
    assert await status(here, issuer.token(claims(issuer))) == 503


async def test_roles_open_what_they_bring(here, issuer, people, units):
    head = {"simedsos_roles": ["unit_head"], "simedsos_unit": "16.01", "sub": "head"}
    told = await Api(here, issuer.token(claims(issuer, **head))).get("/v1/session")
    assert told.json()["unit_id"] == units["16.01"]["id"]
    assert "compliance:read_people" not in told.json()["scopes"]
    own = {"simedsos_roles": ["employee"], "nip": nip(2), "sub": "employee"}
    told = await Api(here, issuer.token(claims(issuer, **own))).get("/v1/session")
    assert (told.json()["scopes"], told.json()["is_employee"]) == (["me:read", "me:write"], True)
    for nothing in (
        {"simedsos_roles": ["portal_user"]},
        {"simedsos_roles": None},
        {"simedsos_roles": ["unit_head"], "simedsos_unit": "no such"},
        {"simedsos_roles": ["unit_head"]},
        {"simedsos_roles": ["employee"], "nip": nip(99)},
        {"simedsos_roles": [7, None, {"a": 1}]},
    ):
        answer = await Api(here, issuer.token(claims(issuer, sub="x", **nothing))).get(
            "/v1/session"
        )
        assert (answer.status_code, "role" in answer.json()["detail"]) == (403, True), nothing


async def test_a_user_is_made_once_and_follows_the_provider(here, issuer, services, government):
    for roles in (["auditor"], ["auditor"], ["executive"]):
        token = issuer.token(claims(issuer, simedsos_roles=roles, jti=str(roles)))
        assert (await Api(here, token).get("/v1/campaigns")).status_code == 200
    async with services.database.transaction(government.tenant_id) as session:
        users = (await session.execute(text("SELECT subject, role FROM users"))).all()
        noted = await session.scalars(
            text("SELECT kind FROM changes WHERE kind LIKE 'user:%' ORDER BY sequence")
        )
        assert [tuple(each) for each in users] == [("bkd-1", "executive")]
        assert list(noted) == ["user:created", "user:updated"]
