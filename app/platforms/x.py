"""X API v2 and X's public profile pages (platforms.md section 4; docs.x.com, OpenAPI 2.167)."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final

from app.platforms.access import Access
from app.platforms.base import (
    AccountGone,
    AccountSuspended,
    Adapter,
    Ambiguous,
    Capabilities,
    CountReading,
    CredentialsBad,
    CreditsExhausted,
    Existence,
    ExistenceState,
    Follower,
    FollowerPage,
    LoginWall,
    NotSupported,
    PairReading,
    ParseFailed,
    Platform,
    PlatformError,
    Precision,
    Target,
    existence_after,
)
from app.platforms.http import APP, JsonAnswer, PageAnswer, Params, credential_label
from app.platforms.numbers import ReadCount, read_rounded
from app.platforms.pages import Page, objects_with
from app.platforms.reading import count_of, mapping_of, objects_of, text_of
from app.platforms.trail import Trail

BASE_URL = "https://api.x.com"
PAGE_URL = "https://x.com"
BATCH = 100
LIST_PAGE = 1000
OK, UNAUTHORIZED, PAYMENT_REQUIRED = 200, 401, 402
USERS: Final = "x:users"
PAGE: Final = "x:page"
# Only a person can buy credits, so asking more than once a day would be noise.
CREDITS_WAIT = timedelta(hours=24)
TOKEN_REFUSED = {"client-forbidden", "unsupported-authentication", "user-suspended"}
HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
ID = re.compile(r"[0-9]{1,19}")

Json = dict[str, Any]


class XAdapter(Adapter):
    """Counts and existence 100 users a call, and membership as the official account.

    X bills each user that it returns, so every request's cost is the number of users asked for.
    Public pages are read only where they are allowed and the app has no bearer token: credits
    that ran out are for a person to see, not to be read around.
    """

    platform: ClassVar[Platform] = Platform.X
    capabilities: ClassVar[Capabilities] = Capabilities(
        counts=True,
        batch_size=BATCH,
        existence=True,
        existence_batch=BATCH,
        membership_pairs=True,
        pair_batch=BATCH,
        pairs_need_token=True,
        membership_list=True,
        owner_export=True,
        note=(
            "Jumlah pengikut tepat melalui API berbayar (US$0,010 per akun yang dijawab). "
            "Keanggotaan dapat dipastikan atas nama akun resmi yang sudah terhubung (US$1,00 per "
            "100 akun pegawai), dari daftar pengikut (US$0,010 per pengikut), atau dari unduhan "
            "data akun resmi. Bila kredit habis, petugas harus mengisinya kembali."
        ),
    )

    def __init__(self, access: Access) -> None:
        self._access = access
        self._clock = access.clock
        self._http = access.http(BASE_URL)
        self._pages = access.pages(PAGE_URL)

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        """One outcome for every target; see the protocol."""
        if self._only_pages:
            return {each: _page_reading(await self._profile(each)) for each in targets}
        found = await self._look_up(targets, "public_metrics,protected")
        return {each: _reading(found[each]) for each in targets}

    async def existence(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, Existence | PlatformError]:
        """One outcome for every target; a protected account is there, but private."""
        if self._only_pages:
            return {each: _existence(await self._profile(each), PAGE) for each in targets}
        found = await self._look_up(targets, "protected")
        return {each: _existence(found[each], USERS) for each in targets}

    async def follows(
        self, official: Target, others: Sequence[Target]
    ) -> Mapping[Target, PairReading | PlatformError]:
        """Who follows the official account, by `connection_status` as that account sees it.

        Raises:
            CredentialsBad: the official account has no token here; an app's has no viewer.
        """
        if official.access_token is None:
            raise CredentialsBad("the official account is not connected")
        found = await self._look_up(others, "connection_status", official.access_token)
        return {each: _pair(found[each]) for each in others}

    async def followers(self, official: Target) -> AsyncIterator[FollowerPage]:
        """The pages of the follower list; a token or a page that comes again ends it in failure."""
        token = official.access_token
        found = (await self._look_up([official], "protected", token))[official]
        if isinstance(found, PlatformError):
            raise found
        path = f"/2/users/{found['id']}/followers"
        asked: dict[str, str | int] = {"max_results": LIST_PAGE}
        trail = Trail()
        while True:
            body = await self._ask(path, asked, token, cost=LIST_PAGE)
            page, following = _list_page(body)
            trail.note_page(page)
            yield FollowerPage(page, "x:followers")
            if following is None:
                return
            asked["pagination_token"] = trail.note_cursor(following)

    @property
    def _only_pages(self) -> bool:
        return self._pages is not None and "bearer_token" not in self._access.keys

    async def _look_up(
        self, targets: Sequence[Target], fields: str, token: str | None = None
    ) -> Mapping[Target, Json | PlatformError]:
        """What X says of each target, by id where it is known, to an account or to the app."""
        found: dict[Target, Json | PlatformError] = {
            # One malformed name would have X refuse the whole batch.
            each: Ambiguous("no handle or id of X's form")
            for each in targets
            if not _well_formed(each)
        }
        for batch in _batches([each for each in targets if each not in found]):
            try:
                found |= await self._batch(batch, fields, token)
            except PlatformError as error:
                # What was answered is paid for and kept; the rest would only fail again.
                return dict.fromkeys(targets, error) | found
        return found

    async def _batch(
        self, targets: Sequence[Target], fields: str, token: str | None
    ) -> Mapping[Target, Json | PlatformError]:
        by_id = targets[0].platform_id is not None
        path, name = ("/2/users", "ids") if by_id else ("/2/users/by", "usernames")
        keys = list(dict.fromkeys(_key(each) for each in targets))
        asked = {name: ",".join(keys), "user.fields": fields}
        answered = _answered(await self._ask(path, asked, token, cost=len(keys)))
        return {each: answered.about(each) for each in targets}

    async def _ask(self, path: str, asked: Params, token: str | None, cost: int) -> Json:
        label = APP if token is None else credential_label(token)
        answer = await self._http.get_json(
            path,
            asked,
            headers={"Authorization": f"Bearer {token or self._access.key('bearer_token')}"},
            credential=label,
            cost=cost,
        )
        if answer.status != OK:
            error = self._refusal(answer)
            # Credits are the app's, whosever token met their end.
            for lane in {APP, label}:
                await self._http.refused(error, credential=lane)
            raise error
        return mapping_of(answer.body)

    def _refusal(self, answer: JsonAnswer) -> PlatformError:
        kind = _kind(answer.body if isinstance(answer.body, dict) else {})
        if answer.status == PAYMENT_REQUIRED or kind == "usage-capped":
            return CreditsExhausted("credits", retry_at=self._clock.now() + CREDITS_WAIT)
        if answer.status == UNAUTHORIZED or kind in TOKEN_REFUSED:
            return CredentialsBad("the token is refused")
        return Ambiguous(f"refused with {answer.status}")

    async def _profile(self, target: Target) -> Json | PlatformError:
        """The person of a public profile page, who must be the target."""
        assert self._pages is not None
        if not HANDLE.fullmatch(target.handle):
            return Ambiguous("no handle or id of X's form")
        try:
            async with self._pages.page(f"/{target.handle}", {}) as page:
                person = _person(page)
        except PlatformError as error:
            return error
        if target.platform_id not in {None, person["id"]}:
            return Ambiguous("another id answered")
        if person["username"].lower() != target.handle.lower():
            return Ambiguous("another handle answered")
        return person


def _well_formed(target: Target) -> bool:
    if target.platform_id is not None:
        return ID.fullmatch(target.platform_id) is not None
    return HANDLE.fullmatch(target.handle) is not None


def _key(target: Target) -> str:
    return target.platform_id or target.handle.lower()


def _batches(targets: Sequence[Target]) -> list[Sequence[Target]]:
    """At most 100 targets each, all of them known by id or none."""
    known = [each for each in targets if each.platform_id is not None]
    named = [each for each in targets if each.platform_id is None]
    return [
        group[start : start + BATCH]
        for group in (known, named)
        for start in range(0, len(group), BATCH)
    ]


@dataclass(frozen=True, slots=True)
class _Answered:
    """The users of an answer and its problems; a handle may look like another user's id."""

    by_id: Mapping[str, Json]
    by_handle: Mapping[str, Json]
    problems: Mapping[str, PlatformError]

    def about(self, target: Target) -> Json | PlatformError:
        """What the answer says of a target; X leaves nobody out without a word."""
        named = self.by_handle.get(target.handle.lower())
        found = named if target.platform_id is None else self.by_id.get(target.platform_id)
        if found is None and _key(target) in self.problems:
            return self.problems[_key(target)]
        if found is None and named is not None:
            return Ambiguous("another id answered")
        return ParseFailed("left out of the answer") if found is None else found


def _answered(body: Json) -> _Answered:
    """An answer's parts; a 200 may hold only `errors`, and partial answers are the norm."""
    users = [
        each
        for each in objects_of(body.get("data", []))
        if isinstance(each.get("id"), str)
        and ID.fullmatch(each["id"])
        and isinstance(each.get("username"), str)
    ]
    return _Answered(
        by_id={each["id"]: each for each in users},
        by_handle={each["username"].lower(): each for each in users},
        problems={
            str(each.get("value", each.get("resource_id"))).lower(): _problem(each)
            for each in objects_of(body.get("errors", []))
        },
    )


def _kind(problem: Mapping[str, Any]) -> str:
    """The end of a problem's type; older answers name another host before it."""
    return str(problem.get("type", "")).rpartition("/problems/")[2]


def _problem(problem: Mapping[str, Any]) -> PlatformError:
    """What a problem says of one user: missing and suspended share a type, not their words."""
    title, detail = str(problem.get("title", "")), str(problem.get("detail", ""))
    match _kind(problem):
        case "resource-not-found" if detail.startswith("User has been suspended"):
            return AccountSuspended()
        case "resource-not-found" if title == "Not Found Error":
            return AccountGone()
        case "not-authorized-for-resource":
            return NotSupported("not shown to this token")
        case _:
            return Ambiguous("an unknown problem")


def _reading(user: Json | PlatformError) -> CountReading | PlatformError:
    if isinstance(user, PlatformError):
        return user
    try:
        # Its neighbours change their names between versions, `followers_count` does not.
        followers = count_of(mapping_of(user.get("public_metrics")).get("followers_count"))
    except ParseFailed as error:
        return error
    return _counted(user, followers, ReadCount(followers, followers, Precision.EXACT), USERS)


def _counted(user: Json, followers: int, read: ReadCount, source: str) -> CountReading:
    return CountReading(
        platform_id=user["id"],
        handle=user["username"],
        followers_min=read.least,
        followers_max=read.most,
        raw=str(followers),
        precision=read.precision,
        source=source,
    )


def _existence(user: Json | PlatformError, source: str) -> Existence | PlatformError:
    if isinstance(user, PlatformError):
        return existence_after(user, source)
    protected = user.get("protected")
    if not isinstance(protected, bool):
        return ParseFailed("no word on protection")
    state = ExistenceState.PRIVATE if protected else ExistenceState.EXISTS
    return Existence(state, source, user["id"], user["username"])


def _pair(user: Json | PlatformError) -> PairReading | PlatformError:
    """A yes or no only where the field is there: a token without a viewer has no such field."""
    if isinstance(user, PlatformError):
        return user
    status = user.get("connection_status")
    if status is None:
        return NotSupported("no connection status")
    if not isinstance(status, list) or not all(isinstance(each, str) for each in status):
        return ParseFailed("not the expected connection status")
    return PairReading("followed_by" in status, "x:connection_status", "blocking" in status)


def _list_page(body: Json) -> tuple[list[Follower], str | None]:
    """The entries of a page of a list, and the token of the next one.

    Raises:
        PlatformError: X tells of problems, or the page does not hold what it says.
    """
    problems = objects_of(body.get("errors", []))
    if problems:
        raise Ambiguous("problems beside a page") if "data" in body else _problem(problems[0])
    meta = mapping_of(body.get("meta"))
    page = [
        Follower(text_of(each.get("id")), text_of(each.get("username")))
        for each in objects_of(body.get("data", []))
    ]
    if meta.get("result_count") != len(page):
        raise ParseFailed("not as many entries as it says")
    following = meta.get("next_token")
    return page, None if following is None else text_of(following)


def _person(answer: PageAnswer) -> Json:
    """The person of a profile page's ld+json, under the API's names.

    Raises:
        LoginWall: the page carries none; that says nothing of the account.
    """
    if answer.status != OK:
        raise Ambiguous(f"refused with {answer.status}")
    for block in Page(answer.text).json_blocks('script[type="application/ld+json"]'):
        for found in objects_with(block, "mainEntity"):
            if found.get("@type") == "ProfilePage":
                person = mapping_of(found["mainEntity"])
                return {
                    "id": text_of(person.get("identifier")),
                    "username": text_of(person.get("additionalName")),
                    # Pages do not say it; that the account is there is all they tell.
                    "protected": False,
                    "statistics": person.get("interactionStatistic"),
                }
    raise LoginWall("no profile on the page")


def _page_reading(person: Json | PlatformError) -> CountReading | PlatformError:
    """The count of a page, never called exact.

    Nobody has shown that X writes it in full (platforms.md section 4 B: unsure), so its trailing
    zeros count as rounded away; a count without any is an interval of one, but `rounded` still.
    """
    if isinstance(person, PlatformError):
        return person
    try:
        followers = count_of(_follow_count(person["statistics"]))
    except ParseFailed as error:
        return error
    return _counted(person, followers, read_rounded(followers), PAGE)


def _follow_count(statistics: object) -> object:
    counts = [
        each.get("userInteractionCount")
        for each in objects_of(statistics)
        if str(each.get("interactionType", "")).endswith("FollowAction")
    ]
    if len(counts) != 1:
        raise ParseFailed("not one count of followers")
    return counts[0]
