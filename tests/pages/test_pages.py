"""What holds for every page: who gets in, what it may load, how it speaks."""

import ast
import gzip
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from fastapi.routing import APIRoute

from app.dashboard import format as formats
from app.dashboard.every import PAGES
from app.dashboard.languages import english
from app.dashboard.menu import PAGES as MENU
from app.dashboard.rendering import FOLDER
from app.identity.scopes import Role
from app.reports import wording
from tests.api.test_compliance import account, make_campaign, registry  # noqa: F401

# What needs no session: the way in to a language, and files of ours.
OPEN = {"/bahasa", "/static/{_digest}/{name:path}"}
ABSENT = "01a00000-0000-7000-8000-000000000000"
LOADED = re.compile(r'(?:src|href|action)="([^"#]*)"')
HEAVIEST = 150 * 1024


def routes(method: str) -> list[str]:
    return [
        each.path
        for room in PAGES
        for each in room.routes
        if isinstance(each, APIRoute) and method in (each.methods or ())
    ]


def concrete(path: str) -> str:
    return re.sub(r"\{[^}]*\}", ABSENT, path)


async def test_exactly_the_open_pages_open_without_a_session(http):
    opened = set()
    for path in routes("GET"):
        answer = await http.get(concrete(path))
        if answer.headers.get("location", "").startswith("/sign-in?next="):
            assert answer.status_code == 303
        else:
            opened.add(path)
    assert opened == OPEN
    assert len(routes("GET")) > len(OPEN)


async def test_no_form_changes_anything_without_a_session(http):
    for path in routes("POST"):
        answer = await http.post(concrete(path), data={"csrf": "0" * 64})
        assert answer.headers.get("location", "").startswith("/sign-in") or (
            answer.status_code in {401, 422}
        ), path


async def test_who_has_signed_in_comes_to_their_first_page(signed_in):
    browser = await signed_in(Role.EXECUTIVE)
    first = await browser.get("/")
    assert (first.status_code, first.headers["location"]) == (303, "/ringkasan")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.EMPLOYEE])
async def test_every_page_of_the_menu_answers_to_whom_it_is_shown(
    api,
    signed_in,
    registry,  # noqa: F811
    role,
    account,  # noqa: F811
):
    await make_campaign(api, account)
    units = {each["code"]: each["id"] for each in (await api.get("/v1/work-units")).json()["items"]}
    unit = units["16.01"] if role is Role.UNIT_HEAD else None
    browser = await signed_in(role, unit)
    home = await browser.get("/ringkasan")
    shown = [each.path for each in MENU if f'href="{each.path}"' in home.text]
    assert shown
    for path in shown:
        page = await browser.get(path)
        assert page.status_code == 200, (path, page.text[:400])
        assert page.headers["content-security-policy"].startswith(
            "default-src 'none'; script-src 'self';"
        )
        assert page.headers["cache-control"] == "no-store"
        # Else a browser's forms come as from nowhere, and are refused.
        assert page.headers["referrer-policy"] == "same-origin"
        assert "<script>" not in page.text
        assert not re.search(r'\son[a-z]+="|style="|javascript:', page.text), path
        # Nothing is loaded from, linked to or sent to another host.
        for target in LOADED.findall(page.text):
            assert target.startswith(("/", "?")) or target == "", (path, target)
        assert page.text.count("<h1") == 1, path


async def test_a_page_is_light(signed_in, units):
    browser = await signed_in(Role.BKD_ADMIN)
    for entry in MENU:
        page = await browser.get(entry.path)
        loaded = {each for each in LOADED.findall(page.text) if each.startswith("/static/")}
        files = [(await browser.get(each)).content for each in sorted(loaded)]
        weight = sum(len(gzip.compress(each)) for each in (page.content, *files))
        assert weight < HEAVIEST, (entry.path, weight)


async def test_files_are_kept_for_good_and_nothing_else_is_served(signed_in):
    browser = await signed_in(Role.EXECUTIVE)
    page = await browser.get("/ringkasan")
    [style] = [each for each in LOADED.findall(page.text) if each.endswith("style.css")]
    answer = await browser.get(style)
    assert "immutable" in answer.headers["cache-control"]
    for name in ("..%2Fpages.py", "pages.py", "vendor", "%2e%2e/pages.py"):
        assert (await browser.get(f"/static/x/{name}")).status_code == 404


async def test_what_is_not_allowed_says_what_to_do_next(signed_in):
    browser = await signed_in(Role.EMPLOYEE)
    refused = await browser.get("/ringkasan")
    assert refused.status_code == 403
    assert "mintalah peran" in refused.text
    assert "Keluar" in refused.text


async def test_the_reader_chooses_the_language(signed_in):
    browser = await signed_in(Role.EXECUTIVE)
    assert 'lang="id"' in (await browser.get("/ringkasan")).text
    chosen = await browser.get("/bahasa?language=en&next=/ringkasan")
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/ringkasan")
    page = await browser.get("/ringkasan")
    assert 'lang="en"' in page.text
    assert "Sign out" in page.text
    away = await browser.get("/bahasa?language=id&next=https://evil.example")
    assert away.headers["location"] == "/"


async def test_signing_out_ends_the_session(signed_in):
    browser = await signed_in(Role.EXECUTIVE)
    await browser.get("/ringkasan")
    forged = await browser.client.post("/keluar", data={"csrf": "0" * 64})
    assert forged.status_code == 403
    assert (await browser.get("/ringkasan")).status_code == 200
    left = await browser.send("/keluar")
    assert (left.status_code, "Anda telah keluar" in left.text) == (200, True)
    assert (await browser.get("/ringkasan")).status_code == 303


def indonesian() -> set[str]:
    """Every text of the templates, of the menu, and of the words that pages share with reports."""
    found = {
        message
        for _, _, message, _, _ in extract_from_dir(
            FOLDER / "templates", [("**.html", "jinja2")], {"**.html": {"trimmed": "true"}}
        )
        if isinstance(message, str)
    }
    found |= {each.name for each in MENU}
    for table in (
        wording.COUNTS, wording.DUTIES, wording.REASONS, wording.PRECISIONS, wording.MODES,
        wording.CERTIFICATES,
    ):  # fmt: skip
        found |= set(table.values())
    return found | {wording.HIDDEN_BECAUSE}


def test_every_text_has_an_english_one():
    catalog = english()
    missing = sorted(each for each in indonesian() if each and not catalog.get(each))
    assert not missing
    untold = sorted(each.id for each in catalog if each.id and not each.string)
    assert not untold


def test_pages_ask_the_api_and_nothing_below_it():
    """A page that reached a room of its own would pass by the API's rights and its trail."""
    allowed = {"app.dashboard", "app.core", "app.reports", "app.sign_in"}
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app."):
                room = ".".join((node.module or "").split(".")[:2])
                assert room in allowed, (Path(path).name, node.module)


NOTHING = "\N{EN DASH}"


def plain(text: str) -> str:
    """A text with ordinary blanks, as a person sees it."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{THIN SPACE}", " ")


@pytest.mark.parametrize(
    ("value", "language", "told"),
    [(8582, "id", "8.582"), (8582, "en", "8,582"), (None, "id", NOTHING), (0, "id", "0")],
)
def test_whole_numbers_look_as_the_language_writes_them(value, language, told):
    assert formats.whole(value, language) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"min": 1382, "max": 1382}, "+1.382"),
        ({"min": 1283, "max": 1382}, f"+1.283 {NOTHING} +1.382"),
        (None, NOTHING),
    ],
)
def test_an_interval_shows_both_ends(value, told):
    assert plain(formats.interval(value, "id", signed=True)) == told


def test_shares_and_moments():
    assert plain(formats.share(20.47, "id")) == "20,47 %"
    assert formats.share(20.47, "en") == "20.47%"
    assert formats.moment("2026-11-24T03:00:00Z", "id") == "24 Nov 2026, 10.00 WIB"
    assert formats.day("2026-11-23T20:00:00Z", "id") == "24 November 2026"
    assert formats.ratio(1, 0, "id") == NOTHING
