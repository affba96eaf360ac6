"""A browser at the provider: it follows redirects, fills in the form, and comes back."""

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx

from app.sign_in.browsers import Attempt
from tests.sign_in.conftest import CALLBACK
from tests.sign_in.issuing import AUDIENCE

FORM = re.compile(r'<form[^>]*action="([^"]+)"')
HOPS = 12


async def sign_in_at(provider: httpx.AsyncClient, address: str, login: str) -> str:
    """The address at our side that the provider sends the browser to."""
    for _ in range(HOPS):
        if address.startswith(CALLBACK):
            return address
        page = await provider.get(address)
        if page.status_code == 200:
            action = urljoin(str(page.url), FORM.findall(page.text)[0])
            form = {"prompt": "login", "login": login, "password": "any"}
            page = await provider.post(action, data=form)
        address = urljoin(str(page.url), page.headers["location"])
    raise AssertionError(address)


async def access_token(provider_address: str, login: str) -> str:
    """An access token for this service, as another system's client gets it for a person."""
    attempt = Attempt.new(None)
    asked = {
        "client_id": "portal",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "resource": AUDIENCE,
        "code_challenge": attempt.challenge,
        "code_challenge_method": "S256",
    }
    async with httpx.AsyncClient() as provider:
        back = await sign_in_at(provider, f"{provider_address}/auth?{urlencode(asked)}", login)
        answer = await provider.post(
            f"{provider_address}/token",
            data={
                "grant_type": "authorization_code",
                "code": queried(back)["code"],
                "redirect_uri": CALLBACK,
                "code_verifier": attempt.verifier,
                "resource": AUDIENCE,
            },
            auth=("portal", "portal-secret-of-the-tests"),
        )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def queried(address: str) -> dict[str, Any]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
