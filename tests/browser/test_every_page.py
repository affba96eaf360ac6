"""Every page, to everyone who is shown it: accessible, self-contained, fit for a phone."""

from typing import Any

import httpx
import pytest
from playwright.async_api import Page, Request

from app.identity.scopes import Role
from tests.browser.conftest import AXE, DESKTOP, PHONE

HEAVIEST = 150 * 1024
WORST = {"serious", "critical"}
LIGHT = {"viewport": DESKTOP, "color_scheme": "light"}
DARK_PHONE = {"viewport": PHONE, "color_scheme": "dark"}
# Everybody's desk; and on a phone in the dark who sees most pages, and who comes with nothing else.
LOOKS = [pytest.param(role, LIGHT, id=f"{role}-desktop-light") for role in Role] + [
    pytest.param(role, DARK_PHONE, id=f"{role}-phone-dark")
    for role in (Role.BKD_ADMIN, Role.UNIT_HEAD, Role.EMPLOYEE)
]


class Seen:
    """What a page did while it was looked at."""

    def __init__(self, page: Page) -> None:
        self.asked: list[Request] = []
        self.complaints: list[str] = []
        page.on("request", self._asked)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, request: Request) -> None:
        self.asked.append(request)

    def _note(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    async def weight(self) -> int:
        """The bytes that came over the wire, headers and all."""
        total = 0
        for request in self.asked:
            sizes = await request.sizes()
            total += sizes["responseBodySize"] + sizes["responseHeadersSize"]
        return total


async def menu_of(page: Page) -> list[str]:
    await page.goto("/")
    links = page.locator(".menu-wide a")
    return [str(await each.get_attribute("href")) for each in await links.all()]


async def violations(page: Page) -> list[str]:
    """What axe-core finds that keeps people out."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run()")
    return [
        f"{page.url}: {each['id']} at {[node['target'] for node in each['nodes']][:3]}"
        for each in found["violations"]
        if each["impact"] in WORST
    ]


@pytest.mark.parametrize(("role", "look"), LOOKS)
async def test_every_page_keeps_nobody_out_and_asks_nobody_else(page_of, service, role, look):
    page = await page_of(role, **look)
    paths = await menu_of(page)
    assert paths
    for path in paths:
        fresh = await page.context.new_page()
        seen = Seen(fresh)
        answer = await fresh.goto(path, wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200, path
        assert await violations(fresh) == []
        assert seen.complaints == [], path
        assert [each.url for each in seen.asked if not each.url.startswith(service.url)] == []
        wide = await fresh.evaluate(
            "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, (path, wide)
        assert await seen.weight() < HEAVIEST, path
        await fresh.close()


@pytest.mark.parametrize("role", [Role.BKD_ADMIN, Role.EXECUTIVE])
async def test_the_keyboard_alone_comes_to_the_content_and_through_the_menu(page_of, role):
    page = await page_of(role)
    paths = await menu_of(page)
    await page.goto(paths[0])
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "isi"
    await page.goto(paths[0])
    for _ in range(60):
        await page.keyboard.press("Tab")
        focused = await page.evaluate("document.activeElement.getAttribute('href')")
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        if focused == paths[-1]:
            break
    else:
        pytest.fail("the last page of the menu is not reached by Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{paths[-1]}")
    assert await page.locator("h1").count() == 1


async def test_who_has_not_signed_in_comes_back_to_the_page_they_wanted(chromium, service):
    context = await chromium.new_context(base_url=service.url)
    page = await context.new_page()
    await page.goto("/akun-resmi?language=id")
    await page.fill("input[name=login]", Role.HUMAS_OFFICER.value)
    await page.fill("input[name=password]", "apa saja")
    await page.click("button[type=submit]")
    await page.wait_for_url(f"{service.url}/akun-resmi**")
    assert await page.locator("h1").inner_text() == "Akun resmi"
    kept = await context.cookies(service.url)
    await page.get_by_role("button", name="Keluar").click()
    await page.get_by_text("Anda telah keluar").wait_for()
    # Here it is over, whatever the provider still remembers; and it is asked to forget as well.
    cookie = "; ".join(f"{each['name']}={each['value']}" for each in kept)
    async with httpx.AsyncClient(base_url=service.url, headers={"cookie": cookie}) as old:
        assert (await old.get("/v1/session")).status_code == 401
    await page.wait_for_url("**/session/end**")
    await context.close()
