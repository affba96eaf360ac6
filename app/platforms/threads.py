"""Threads (platforms.md section 6; "Threads Profiles" and "Threads Insights")."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import ClassVar

from app.platforms.access import Access
from app.platforms.base import (
    Adapter,
    Ambiguous,
    Capabilities,
    CountReading,
    Existence,
    LoginWall,
    ParseFailed,
    Platform,
    PlatformError,
    Target,
)
from app.platforms.http import PageAnswer, PlatformHttp
from app.platforms.meta import (
    NAVIGATION,
    OK,
    Graph,
    Route,
    Seen,
    Untold,
    asks_to_sign_in,
    count_from,
    existence_from,
    is_plain,
    told_by,
)
from app.platforms.pages import Page, objects_with
from app.platforms.reading import mapping_of, objects_of, text_of

BASE_URL = "https://graph.threads.com"
PAGE_URL = "https://www.threads.com"
API = "/v1.0"
METRIC = "followers_count"
# What a guest is shown for a handle that does not exist, and also when Threads wants a sign-in.
OWN_LOGIN_TITLE = "Threads \u2022 Log in"
NOT_FOUND = 404


class ThreadsAdapter(Adapter):
    """An account's own count by threads_insights, any other by profile_lookup, one a call.

    profile_lookup tells only of public accounts with 100 followers or more, and without App
    Review only of Meta's own. Its name for the count is not documented well enough to be sure,
    so an answer without it is not understood rather than naught.
    """

    platform: ClassVar[Platform] = Platform.THREADS
    capabilities: ClassVar[Capabilities] = Capabilities(
        counts=True,
        counts_use_token=True,
        existence=True,
        owner_export=True,
        note=(
            "Jumlah pengikut tepat untuk akun resmi yang terhubung, dan untuk akun publik lain "
            "dengan sedikitnya 100 pengikut setelah aplikasi disetujui Meta. Keberadaan akun "
            "yang lebih kecil atau privat tidak dapat dipastikan. Keanggotaan hanya diketahui "
            "dari unduhan data akun resmi."
        ),
    )

    def __init__(self, access: Access) -> None:
        self._access = access
        self._graph = Graph(access.http(BASE_URL), access.clock)
        self._pages = access.pages(PAGE_URL)

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        """One outcome for every target; see the protocol."""
        return {target: count_from(target, await self._told(target)) for target in targets}

    async def existence(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, Existence | PlatformError]:
        """One outcome for every target; see the protocol."""
        return {target: existence_from(target, await self._told(target)) for target in targets}

    async def _told(self, target: Target) -> Seen | Untold:
        if not is_plain(target):
            return Untold(Ambiguous("no handle of this platform"), "threads:handle")
        return await told_by(self._routes(target), target)

    def _routes(self, target: Target) -> Iterator[Route]:
        """The ways of asking about a target, best first."""
        if target.access_token:
            yield Route("threads:threads_insights", self._own_account)
        # Without a key there is nothing to be refused, so the page alone has the word.
        if self._pages is None or "access_token" in self._access.keys:
            yield Route("threads:profile_lookup", self._lookup)
        if self._pages is not None:
            yield Route("threads:page", partial(_page, self._pages))

    async def _own_account(self, target: Target) -> Seen:
        """The profile says whose token it is, and only the insights say how many follow."""
        token = target.access_token or ""
        me = await self._graph.get(f"{API}/me", {"fields": "id,username"}, token, own=True)
        handle = text_of(me.get("username"))
        insights = await self._graph.get(
            f"{API}/me/threads_insights", {"metric": METRIC}, token, own=True
        )
        return Seen(
            "threads:threads_insights",
            ids=(text_of(me.get("id")),),
            handle=handle,
            other_handle=handle.lower() != target.handle.lower(),
            followers=_total(insights),
        )

    async def _lookup(self, target: Target) -> Seen:
        found = await self._graph.get(
            f"{API}/profile_lookup",
            {"username": target.handle, "fields": "id,username,follower_count"},
            self._access.key("access_token"),
        )
        handle = text_of(found.get("username"))
        return Seen(
            "threads:profile_lookup",
            # The official document shows answers without an id.
            ids=(text_of(found["id"]),) if "id" in found else (),
            handle=handle,
            other_handle=handle.lower() != target.handle.lower(),
            followers=found.get("follower_count"),
        )


def _total(insights: Mapping[str, object]) -> object:
    """The one total among the metrics of an answer."""
    totals = [each for each in objects_of(insights.get("data")) if each.get("name") == METRIC]
    if len(totals) != 1:
        raise ParseFailed("not the metric that was asked for")
    return mapping_of(totals[0].get("total_value")).get("value")


async def _page(pages: PlatformHttp, target: Target) -> Seen:
    async with pages.page(f"/@{target.handle}", {}, headers=NAVIGATION) as answer:
        page = Page(answer.text)
        # Other accounts that a page suggests carry counts too.
        users = [
            each
            for block in page.json_blocks("script[data-sjs]")
            for each in objects_with(block, "follower_count")
            if str(each.get("username")).lower() == target.handle.lower()
        ]
        if answer.status != OK or not users:
            raise _no_user(answer, page)
        return Seen(
            "threads:page",
            ids=(text_of(users[0].get("pk")),),
            handle=text_of(users[0].get("username")),
            followers=users[0]["follower_count"],
            private=users[0].get("text_post_app_is_private") is True,
        )


def _no_user(answer: PageAnswer, page: Page) -> PlatformError:
    """What a page without the account means: never that the account is gone."""
    if answer.status == NOT_FOUND or page.title == OWN_LOGIN_TITLE:
        return Ambiguous("missing, or hidden from guests")
    if answer.status == OK and not asks_to_sign_in(page):
        return ParseFailed("the page carries no data")
    return LoginWall("a sign-in page")
