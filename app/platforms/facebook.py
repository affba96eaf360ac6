"""Facebook Pages (platforms.md section 2; "Page" in the Graph API reference).

A count here is `followers_count`; `fan_count` is likes, another number, and is never asked for.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from app.platforms.access import Access
from app.platforms.base import (
    AccountGone,
    Adapter,
    Ambiguous,
    Capabilities,
    CountReading,
    Existence,
    LoginWall,
    NotSupported,
    ParseFailed,
    Platform,
    PlatformError,
    Target,
)
from app.platforms.http import PageAnswer, PlatformHttp
from app.platforms.meta import (
    ALIAS_UNKNOWN,
    API,
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
    next_route,
    told_by,
)
from app.platforms.pages import Page, objects_with
from app.platforms.reading import mapping_of, text_of

BASE_URL = "https://graph.facebook.com"
PAGE_URL = "https://www.facebook.com"
FIELDS = "id,username,followers_count"
GRAPH = "facebook:graph"
BATCH = 50
CONTEXT = "profile_social_context"
JSON_SCRIPTS = 'script[type="application/json"]'
# The number in `profile.php?id=61550000000001` and in `Nama-Halaman-61550000000001`.
NUMBERED = re.compile(r"(?:.*-)?(?P<number>[0-9]{5,20})")
UNAVAILABLE = "missing, or hidden from guests"
GONE_TITLES = ("page not found", "content not found")
GONE_TEXT = "this content isn't available right now"
NOT_FOUND = 404
WALL_TITLES = (
    "log in to facebook",
    "log into facebook",
    "login",
    "log in",
    "you're temporarily blocked",
    "you can't use this feature right now",
)


class FacebookAdapter(Adapter):
    """Pages by `ids=`, 50 a call; one id that the API refuses spoils the whole call.

    So a refused batch is asked again one by one. The API says the same of a Page that is missing
    and of one that it may not show, and so does the public page: only where the API names an
    unknown alias and the page agrees is it missing. Nobody can read who follows a Page.
    """

    platform: ClassVar[Platform] = Platform.FACEBOOK
    capabilities: ClassVar[Capabilities] = Capabilities(
        counts=True,
        batch_size=BATCH,
        existence=True,
        existence_batch=BATCH,
        note=(
            "Jumlah pengikut (bukan jumlah suka) tepat untuk Halaman, dengan token Halaman atau "
            "aplikasi yang disetujui Meta. Halaman yang tidak ada dan yang dibatasi umumnya "
            "tidak dapat dibedakan, dan profil pribadi tidak dapat dipastikan keberadaannya. "
            "Tidak ada pihak yang dapat memastikan siapa yang mengikuti."
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
        return {
            target: count_from(target, told) for target, told in (await self._told(targets)).items()
        }

    async def existence(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, Existence | PlatformError]:
        """One outcome for every target; see the protocol."""
        return {
            target: existence_from(target, told)
            for target, told in (await self._told(targets)).items()
        }

    async def _told(self, targets: Sequence[Target]) -> Mapping[Target, Seen | Untold]:
        plain = [each for each in targets if is_plain(each)]
        told = await self._by_api(plain)
        if self._pages is not None:
            route = Route("facebook:page", partial(_page, self._pages))
            told = {each: await _page_after(told[each], route, each) for each in plain}
        odd = Untold(Ambiguous("no handle of this platform"), "facebook:handle")
        return {each: told.get(each, odd) for each in targets}

    async def _by_api(self, targets: Sequence[Target]) -> dict[Target, Seen | Untold]:
        own = [each for each in targets if each.access_token]
        others = [each for each in targets if not each.access_token]
        routes = (Route(GRAPH, self._by_own_token), Route(GRAPH, self._by_app_token))
        told = {each: await told_by(routes, each) for each in own}
        for start in range(0, len(others), BATCH):
            told.update(await self._batch(others[start : start + BATCH]))
        return told

    async def _batch(self, targets: Sequence[Target]) -> Mapping[Target, Seen | Untold]:
        ids = ",".join(dict.fromkeys(_asked(each) for each in targets))
        try:
            nodes = await self._graph.get(
                f"{API}/", {"ids": ids, "fields": FIELDS}, self._app_token()
            )
        except Ambiguous as error:
            if len(targets) == 1:
                return {targets[0]: Untold(error, GRAPH)}
            nodes = {}
        except PlatformError as error:
            return dict.fromkeys(targets, Untold(error, GRAPH))
        alone = (Route(GRAPH, self._by_app_token),)
        return {
            each: _in_batch(each, nodes[_asked(each)])
            if _asked(each) in nodes
            else await told_by(alone, each)
            for each in targets
        }

    def _app_token(self) -> str:
        # Without a key there is nothing to be refused, so the page alone has the word.
        if self._pages is not None and "access_token" not in self._access.keys:
            raise NotSupported("no token")
        return self._access.key("access_token")

    async def _by_app_token(self, target: Target) -> Seen:
        token = self._app_token()
        return _seen(target, await self._graph.get(_path(target), {"fields": FIELDS}, token))

    async def _by_own_token(self, target: Target) -> Seen:
        token = target.access_token or ""
        node = await self._graph.get(_path(target), {"fields": FIELDS}, token, own=True)
        return _seen(target, node)


def _asked(target: Target) -> str:
    """What the API is asked for: the id where one is known, else the handle."""
    numbered = NUMBERED.fullmatch(target.handle)
    return target.platform_id or (numbered["number"] if numbered else target.handle)


def _path(target: Target) -> str:
    return f"{API}/{_asked(target)}"


def _in_batch(target: Target, node: object) -> Seen | Untold:
    try:
        return _seen(target, mapping_of(node))
    except ParseFailed as error:
        return Untold(error, GRAPH)


def _seen(target: Target, node: Mapping[str, Any]) -> Seen:
    username = node.get("username")
    handle = username if isinstance(username, str) and username else None
    by_handle = handle is not None and not _asked(target).isdigit()
    return Seen(
        GRAPH,
        ids=(text_of(node.get("id")),),
        handle=handle,
        other_handle=by_handle and _alias(handle or "") != _alias(target.handle),
        followers=node.get("followers_count"),
    )


def _alias(handle: str) -> str:
    """A handle as Facebook compares it: it takes no notice of dots and capitals."""
    return handle.replace(".", "").lower()


async def _page_after(before: Seen | Untold, route: Route, target: Target) -> Seen | Untold:
    """What the page adds to what the API could not tell."""
    after = await next_route(before, route, target)
    if isinstance(before, Seen) or isinstance(after, Seen):
        return after
    if before.error.reason == ALIAS_UNKNOWN and after.error.reason == UNAVAILABLE:
        return Untold(AccountGone("the API and the page agree"), route.source)
    return after


async def _page(pages: PlatformHttp, target: Target) -> Seen:
    by_id = target.handle.isdigit()
    path, asked = ("/profile.php", {"id": target.handle}) if by_id else (f"/{target.handle}", {})
    async with pages.page(path, asked, headers=NAVIGATION) as answer:
        page = Page(answer.text)
        blocks = list(page.json_blocks(JSON_SCRIPTS))
        owners = [each for block in blocks for each in objects_with(block, CONTEXT)]
        texts = {text for owner in owners for text in _texts(owner[CONTEXT])}
        if answer.status != OK or not texts:
            raise _no_page(answer, page)
        delegates = [
            each["delegate_page"] for b in blocks for each in objects_with(b, "delegate_page")
        ]
        counts = {text for text in texts if "follower" in text.lower()}
        return Seen(
            "facebook:page",
            ids=tuple(dict.fromkeys([*_ids(delegates), *_ids(owners)])),
            handle=None,
            # In another language, or in two versions, the count is there but not understood.
            written=counts.pop() if len(counts) == 1 else "",
        )


def _texts(context: object) -> Iterator[str]:
    content = context.get("content") if isinstance(context, dict) else None
    for each in content if isinstance(content, list) else ():
        text = each.get("text") if isinstance(each, dict) else None
        words = text.get("text") if isinstance(text, dict) else None
        if isinstance(words, str):
            yield words


def _ids(objects: Iterable[object]) -> Iterator[str]:
    for each in objects:
        found = each.get("id") if isinstance(each, dict) else None
        if isinstance(found, str) and found:
            yield found


def _no_page(answer: PageAnswer, page: Page) -> PlatformError:
    """What a page without a Page's data means; a restricted Page looks like a missing one."""
    title = _plain(page.title)
    if title.startswith(WALL_TITLES):
        return LoginWall("a sign-in page")
    if answer.status == NOT_FOUND or title in GONE_TITLES or GONE_TEXT in _plain(answer.text):
        return Ambiguous(UNAVAILABLE)
    if answer.status != OK or page.meta("og:title") == "Facebook" or asks_to_sign_in(page):
        return LoginWall("a sign-in page")
    return ParseFailed("the page carries no data")


def _plain(text: str) -> str:
    """A text in small letters, its apostrophes straight, however the page has written them."""
    for curly in ("\u2019", "\\u2019", "&#039;", "&#x2019;"):
        text = text.replace(curly, "'")
    return text.lower()
