"""TikTok's Display API and public profile pages (platforms.md section 3; developers.tiktok.com)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from app.platforms.access import Access
from app.platforms.base import (
    AccountGone,
    Adapter,
    Ambiguous,
    Capabilities,
    CountReading,
    CredentialsBad,
    Existence,
    ExistenceState,
    LoginWall,
    NotSupported,
    ParseFailed,
    Platform,
    PlatformError,
    Precision,
    RateLimited,
    Target,
    Unavailable,
    existence_after,
)
from app.platforms.headers import retry_at
from app.platforms.http import JsonAnswer, PageAnswer, credential_label
from app.platforms.numbers import ReadCount, read_rounded
from app.platforms.pages import Page
from app.platforms.reading import MOST_FOLLOWERS, count_of, mapping_of, text_of

BASE_URL = "https://open.tiktokapis.com"
PAGE_URL = "https://www.tiktok.com"
OK, UNAUTHORIZED, FORBIDDEN = 200, 401, 403
PAGE: Final = "tiktok:page"
DATA: Final = "script#__UNIVERSAL_DATA_FOR_REHYDRATION__"
# The proof-of-work page and the sign-in page, and words of the other pages that are no profile.
WALLS: Final = "#cs, #wci, form[action*='/login']"
WALL_TEXTS: Final = ("_wafchallengeid", "overload-protect triggered", "tiktok-verify-page")
THERE, MISSING, PRIVATE, BLOCKED = 0, 10221, 10222, 10204
# Below this, pages were seen to write the same count in both of its forms.
SHORTENED_FROM = 10_000
TOKEN_REFUSED = {"access_token_invalid", "scope_not_authorized", "scope_permission_missed"}
HANDLE = re.compile(r"[a-z0-9_.]{2,24}", re.IGNORECASE | re.ASCII)
PAGE_ID = re.compile(r"[0-9]{1,20}")

Json = dict[str, Any]


class TikTokAdapter(Adapter):
    """The count of a connected account by its own token; others by public page, where allowed.

    The API tells an `open_id` that is made for this app alone and the page a number: the two
    name the same account and are never compared. The research API is closed to governments.
    """

    platform: ClassVar[Platform] = Platform.TIKTOK
    capabilities: ClassVar[Capabilities] = Capabilities(
        counts=True,
        counts_use_token=True,
        counts_need_token=True,
        existence=True,
        owner_export=True,
        note=(
            "Jumlah pengikut tepat untuk akun resmi yang sudah terhubung. Akun lain, termasuk "
            "pemeriksaan keberadaan akun, hanya dapat dibaca dari halaman publik bila diizinkan. "
            "Keanggotaan hanya dapat diketahui dari unduhan data akun resmi."
        ),
    )

    def __init__(self, access: Access) -> None:
        self._clock = access.clock
        self._http = access.http(BASE_URL)
        self._pages = access.pages(PAGE_URL)

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        """One outcome for every target; see the protocol."""
        return {each: await self._count(each) for each in targets}

    async def existence(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, Existence | PlatformError]:
        """One outcome for every target; the API cannot look up a handle, so only by page."""
        return {each: await self._existence(each) for each in targets}

    async def _count(self, target: Target) -> CountReading | PlatformError:
        try:
            if target.access_token is not None:
                return _own_reading(target, await self._own(target.access_token))
            return _page_reading(target, await self._detail(target))
        except PlatformError as error:
            return error

    async def _existence(self, target: Target) -> Existence | PlatformError:
        try:
            return _page_existence(target, await self._detail(target))
        except PlatformError as error:
            return existence_after(error, PAGE)

    async def _own(self, token: str) -> Json:
        """What the API says of the account whose token this is."""
        answer = await self._http.get_json(
            "/v2/user/info/",
            {"fields": "open_id,username,follower_count"},
            headers={"Authorization": f"Bearer {token}"},
            credential=credential_label(token),
        )
        # Every answer carries an error, and a good one calls it "ok".
        body = mapping_of(answer.body)
        code = text_of(mapping_of(body.get("error")).get("code"))
        if answer.status != OK or code != "ok":
            error = self._refusal(answer, code)
            raise await self._http.refused(error, credential=credential_label(token))
        return mapping_of(mapping_of(body.get("data")).get("user"))

    def _refusal(self, answer: JsonAnswer, code: str) -> PlatformError:
        if answer.status == UNAUTHORIZED or code in TOKEN_REFUSED:
            return CredentialsBad("the token is refused")
        if code == "rate_limit_exceeded":
            return RateLimited("rate", retry_at=retry_at(answer.headers, self._clock.now()))
        if code == "internal_error":
            return Unavailable("internal error")
        return Ambiguous(f"refused with {answer.status}")

    async def _detail(self, target: Target) -> Json:
        """The `webapp.user-detail` of a profile page."""
        if self._pages is None:
            raise NotSupported("not connected, and public pages are off")
        if not HANDLE.fullmatch(target.handle):
            raise Ambiguous("no handle of TikTok's form")
        async with self._pages.page(f"/@{target.handle}", {}) as page:
            return _user_detail(page)


def _own_reading(target: Target, user: Json) -> CountReading:
    own_id, username = text_of(user.get("open_id")), text_of(user.get("username"))
    known = target.platform_id
    if known is not None and not PAGE_ID.fullmatch(known):
        if own_id != known:
            raise Ambiguous("another id answered")
    elif username.lower() != target.handle.lower():
        # Nothing but the handle can tie the token to a page's number.
        raise Ambiguous("another handle answered")
    followers = count_of(user.get("follower_count"))
    return _reading(
        known or own_id,
        username,
        str(followers),
        ReadCount(followers, followers, Precision.EXACT),
        "tiktok:user.info",
    )


def _reading(platform_id: str, handle: str, raw: str, read: ReadCount, source: str) -> CountReading:
    return CountReading(
        platform_id=platform_id,
        handle=handle,
        followers_min=read.least,
        followers_max=read.most,
        raw=raw,
        precision=read.precision,
        source=source,
    )


def _user_detail(answer: PageAnswer) -> Json:
    """A page's own word on the account, whatever else the page says.

    Raises:
        LoginWall: a challenge, a captcha or a page without data; that says nothing of the account.
    """
    page = Page(answer.text)
    for data in page.json_blocks(DATA):
        scope = data.get("__DEFAULT_SCOPE__") if isinstance(data, dict) else None
        detail = scope.get("webapp.user-detail") if isinstance(scope, dict) else None
        if answer.status == OK and isinstance(detail, dict):
            return detail
    if answer.status == FORBIDDEN or _is_wall(page, answer.text):
        raise LoginWall("a challenge")
    if answer.status != OK:
        raise Ambiguous(f"refused with {answer.status}")
    if not page.has(DATA):
        raise LoginWall("no data on the page")
    raise ParseFailed("no profile in the page's data")


def _is_wall(page: Page, text: str) -> bool:
    return (
        page.title == "Security Check"
        or page.has(WALLS)
        or any(each in text for each in WALL_TEXTS)
    )


def _user_of(target: Target, detail: Json) -> Json:
    """The page's user, who must be the target.

    Raises:
        PlatformError: the account is missing, another one answered, or the page is not for us.
    """
    status = detail.get("statusCode")
    if status == MISSING:
        raise AccountGone
    if status == BLOCKED:
        raise LoginWall("this address is blocked")
    # What a page holds may be of any kind, also of one that no set takes.
    if isinstance(status, bool) or status not in (THERE, PRIVATE):
        raise Ambiguous("an unknown status")
    user = mapping_of(mapping_of(detail.get("userInfo")).get("user"))
    number, handle = text_of(user.get("id")), text_of(user.get("uniqueId"))
    if not PAGE_ID.fullmatch(number):
        raise ParseFailed("no usable id")
    known = target.platform_id
    if known is not None and PAGE_ID.fullmatch(known) and number != known:
        raise Ambiguous("another id answered")
    if handle.lower() != target.handle.lower():
        raise Ambiguous("another handle answered")
    return user


def _page_existence(target: Target, detail: Json) -> Existence:
    if detail.get("statusCode") == PRIVATE and "userInfo" not in detail:
        if target.platform_id is not None:
            # The name may have passed to somebody else, whose page is closed.
            raise Ambiguous("a private account without an id")
        return Existence(ExistenceState.PRIVATE, PAGE)
    user = _user_of(target, detail)
    closed = user.get("privateAccount") is True or user.get("secret") is True
    private = closed or detail["statusCode"] == PRIVATE
    state = ExistenceState.PRIVATE if private else ExistenceState.EXISTS
    return Existence(state, PAGE, target.platform_id or user["id"], user["uniqueId"])


def _page_reading(target: Target, detail: Json) -> CountReading:
    if detail.get("statusCode") == PRIVATE:
        # What a closed page counts has not been seen, and a naught there would be believed.
        raise NotSupported("a private account")
    user = _user_of(target, detail)
    raw, read, source = _page_count(mapping_of(detail["userInfo"]))
    return _reading(target.platform_id or user["id"], user["uniqueId"], raw, read, source)


def _page_count(info: Json) -> tuple[str, ReadCount, str]:
    """The count that `statsV2` writes in full, else the one that `stats` shortens unsaid."""
    exact = info.get("statsV2")
    if isinstance(exact, dict) and "followerCount" in exact:
        raw = text_of(exact["followerCount"])
        if not (raw.isascii() and raw.isdigit() and len(raw) <= len(str(MOST_FOLLOWERS))):
            raise ParseFailed("no usable count")
        count = count_of(int(raw))
        return raw, ReadCount(count, count, Precision.EXACT), f"{PAGE}.statsV2"
    count = count_of(mapping_of(info.get("stats")).get("followerCount"))
    if count < SHORTENED_FROM:
        return str(count), ReadCount(count, count, Precision.EXACT), f"{PAGE}.stats"
    return str(count), read_rounded(count), f"{PAGE}.stats"
