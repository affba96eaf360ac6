"""Chromium, signed in as each role, over the running service."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from app.identity.scopes import Role
from tests.browser.serving import Serving, serving

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The service of the whole run; what a test changes is there for the next."""
    with serving(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    found = shutil.which("chromium")
    if found is None or not AXE.exists():
        pytest.skip("needs Debian's chromium and `npm ci --prefix tests/browser`")
    async with async_playwright() as playwright:
        # Chromium's own sandbox cannot be had by root in a container.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        await browser.close()


SignedIn = Callable[..., Awaitable[BrowserContext]]


@pytest.fixture(scope="session")
async def signed_in(chromium: Browser, service: Serving) -> AsyncIterator[SignedIn]:
    """A browser of somebody of a role, who has signed in at the provider."""
    states: dict[Role, Any] = {}
    opened: list[BrowserContext] = []

    async def begin(role: Role, **told: object) -> BrowserContext:
        if role not in states:
            states[role] = await _sign_in(chromium, service, role)
        context = await chromium.new_context(
            base_url=service.url,
            locale="id-ID",
            timezone_id="Asia/Jakarta",
            storage_state=states[role],
            **{"viewport": DESKTOP, **told},  # type: ignore[arg-type]
        )
        opened.append(context)
        return context

    yield begin
    for each in opened:
        await each.close()


async def _sign_in(chromium: Browser, service: Serving, role: Role) -> Any:
    """The cookies of a person who went to the provider and came back."""
    context = await chromium.new_context(base_url=service.url)
    page = await context.new_page()
    await page.goto("/")
    await page.fill("input[name=login]", role.value)
    await page.fill("input[name=password]", "apa saja")
    await page.click("button[type=submit]")
    await page.wait_for_url(f"{service.url}/**")
    state = await context.storage_state()
    await context.close()
    return state


@pytest.fixture
async def page_of(signed_in: SignedIn) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """A page of somebody of a role, closed after the test."""
    opened: list[BrowserContext] = []

    async def begin(role: Role, **told: object) -> Page:
        context = await signed_in(role, **told)
        opened.append(context)
        return await context.new_page()

    yield begin
    for each in opened:
        await each.close()
