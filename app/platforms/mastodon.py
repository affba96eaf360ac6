"""Mastodon's REST API, asked at each account's home server (platforms.md section 8; Mastodon docs).

Only the home server knows an account: another one shows what it happens to have heard of. So
counts, existence and lists are asked at home, and pairs at the official account's home, as it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from app.platforms.access import Access
from app.platforms.base import (
    AccountGone,
    AccountSuspended,
    Adapter,
    Ambiguous,
    Capabilities,
    CountReading,
    CredentialsBad,
    Existence,
    ExistenceState,
    Follower,
    FollowerPage,
    NotSupported,
    OtherAccount,
    PairReading,
    ParseFailed,
    Platform,
    PlatformError,
    Precision,
    Target,
    TokenRefused,
    existence_after,
)
from app.platforms.http import APP, JsonAnswer, PlatformHttp, credential_label
from app.platforms.reading import count_of, mapping_of, objects_of, text_of
from app.platforms.trail import Trail

LOOK_UP, PAIR, LIST = "mastodon:lookup", "mastodon:relationships", "mastodon:followers"
# So many servers are asked side by side: each is another one, and some never answer.
BATCH = 16
PAIRS = 40
PAGE = 80
OK = 200
NO_RECORD = "Record not found"
MEMBERS_ONLY = "requires an authenticated user"
BLOCKS = ("blocking", "blocked_by", "domain_blocking")

_ID = re.compile(r"[0-9A-Za-z]{1,64}")
_ADDRESS = re.compile(r"@?([^@\s/?#]{1,200})@([^@\s/?#]{1,253})")
# What an address consists of (RFC 3986), and more than any id takes; it will be stored.
_NAME = re.compile(r"[!-~]{1,500}")
_URI = re.compile(r"https://([^/?#@:\s]+)/\S+")
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r';\s*rel="?next"?\s*(?:[;,]|\Z)')


@dataclass(frozen=True, slots=True)
class _Seen:
    """An account as a server shows it; `names` are the addresses that it goes by for good."""

    local_id: str
    names: Sequence[str]
    handle: str
    account: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Server:
    """A server, and the official account's token for it where there is one."""

    http: PlatformHttp
    host: str
    token: str | None = field(default=None, repr=False)

    async def ask(self, path: str, asked: Mapping[str, str | int | list[str]]) -> JsonAnswer:
        """An answer that is no refusal.

        Raises:
            PlatformError: the server refused, or could not be asked.
        """
        signed = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        label = APP if self.token is None else credential_label(self.token)
        answer = await self.http.get_json(path, asked, headers=signed, credential=label)
        if answer.status != OK:
            raise _refusal(answer, with_token=self.token is not None)
        return answer


class MastodonAdapter(Adapter):
    """Counts and existence one by one; pairs by relationships, 40 a call; lists by Link headers.

    A server has a record of everyone who follows its accounts, but a name that it does not know
    may be known to it under another one, so that is no negative: NotSupported.
    """

    platform: ClassVar[Platform] = Platform.MASTODON
    capabilities: ClassVar[Capabilities] = Capabilities(
        counts=True,
        batch_size=BATCH,
        existence=True,
        existence_batch=BATCH,
        membership_pairs=True,
        pair_batch=PAIRS,
        pairs_need_token=True,
        membership_list=True,
        note=(
            "Jumlah pengikut tepat dan keberadaan akun ditanyakan ke server asal tiap akun. "
            "Keanggotaan dapat diketahui bila akun resmi disambungkan; daftar pengikut dapat "
            "dibaca umum kecuali disembunyikan. Server tertutup tidak dapat ditanyai."
        ),
    )

    def __init__(self, access: Access) -> None:
        self._access = access

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        """One outcome for every target; see the protocol."""
        seen = await self._all_at_home(targets)
        return {
            target: found if isinstance(found, PlatformError) else _reading(found)
            for target, found in seen.items()
        }

    async def existence(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, Existence | PlatformError]:
        """One outcome for every target; the handle of one that has moved is its new one."""
        seen = await self._all_at_home(targets)
        return {
            target: existence_after(found, LOOK_UP)
            if isinstance(found, PlatformError)
            else Existence(ExistenceState.EXISTS, LOOK_UP, found.names[0], _moved_to(found))
            for target, found in seen.items()
        }

    async def follows(
        self, official: Target, others: Sequence[Target]
    ) -> Mapping[Target, PairReading | PlatformError]:
        """One outcome for every other account; see the protocol.

        Raises:
            PlatformError: also if the token does not speak for the official account.
        """
        if official.access_token is None:
            return dict.fromkeys(others, NotSupported("the official account is not connected"))
        server, _ = await self._as_official(official)
        seen = {other: await self._heard_of(server, other) for other in others}
        there = {each: found for each, found in seen.items() if isinstance(found, _Seen)}
        pairs = await self._relationships(server, {found.local_id for found in there.values()})
        errors = {each: found for each, found in seen.items() if isinstance(found, PlatformError)}
        return {**errors, **{each: pairs[found.local_id] for each, found in there.items()}}

    async def followers(self, official: Target) -> AsyncIterator[FollowerPage]:
        """The pages up to the one without a next link; a hidden list is not an empty one."""
        server, owner = await self._list_owner(official)
        path = f"/api/v1/accounts/{owner.local_id}/followers"
        asked: dict[str, str | int | list[str]] = {"limit": PAGE}
        trail = Trail()
        listed = 0
        while True:
            answer = await server.ask(path, asked)
            page = [_follower(each, server.host) for each in objects_of(answer.body)]
            onward = _next_place(answer.headers.get("link", ""), server.host, path)
            listed += len(page)
            if onward is None and len(page) >= PAGE:
                raise ParseFailed("a full page without a next one")
            if onward is None and not listed and owner.account.get("followers_count") != 0:
                raise NotSupported("the list is hidden")
            trail.note_page(page)
            yield FollowerPage(page, LIST)
            if onward is None:
                return
            asked["max_id"] = trail.note_cursor(onward)

    async def own_id(self, official: Target) -> str:
        """The stable id of the account, told to its own token, which is good for pairs and lists.

        Raises:
            PlatformError: TokenRefused, OtherAccount, or CredentialsBad where it lacks a right.
        """
        server, owner = await self._as_official(official)
        if not _is_of(owner.names[0], server.host):
            raise Ambiguous("the id belongs to another server")
        # Only asking for it shows whether the token may ask who follows.
        await self._relationships(server, {owner.local_id})
        return owner.names[0]

    async def _all_at_home(self, targets: Sequence[Target]) -> dict[Target, _Seen | PlatformError]:
        async with asyncio.TaskGroup() as group:
            asked = {each: group.create_task(self._at_home(each)) for each in targets}
        return {each: task.result() for each, task in asked.items()}

    async def _at_home(self, target: Target) -> _Seen | PlatformError:
        try:
            user, host = _address(target)
            home = _Server(self._access.at(host), host)
            try:
                seen = await _look_up(home, user, target)
            except NotSupported:
                # A server for members only may still answer one of them.
                if target.access_token is None:
                    raise
                seen = await _look_up(_Server(home.http, host, target.access_token), user, target)
        except PlatformError as error:
            return error
        if not _is_of(seen.names[0], host):
            return Ambiguous("the id belongs to another server")
        return seen

    async def _as_official(self, official: Target) -> tuple[_Server, _Seen]:
        """The official account's server, asked with a token that is known to be its own."""
        _, host = _address(official)
        server = _Server(self._access.at(host), host, official.access_token)
        answer = await server.ask("/api/v1/accounts/verify_credentials", {})
        try:
            return server, _recognised(official, mapping_of(answer.body), host)
        except Ambiguous as error:
            raise OtherAccount from error

    async def _list_owner(self, official: Target) -> tuple[_Server, _Seen]:
        """The official account, whose list the answers to follow are.

        Raises:
            NotSupported: the list is hidden; its answers would look like an empty one.
        """
        if official.access_token is not None:
            # Its own token sees even what the account hides from others.
            return await self._as_official(official)
        user, host = _address(official)
        server = _Server(self._access.at(host), host)
        try:
            owner = await _look_up(server, user, official)
        except AccountSuspended as error:
            raise NotSupported("the list is hidden") from error
        if owner.account.get("hide_collections") is True:
            raise NotSupported("the list is hidden")
        return server, owner

    async def _heard_of(self, server: _Server, other: Target) -> _Seen | PlatformError:
        """The other account as the official account's server knows it."""
        try:
            user, host = _address(other)
            local = host == server.host
            return await _look_up(server, user if local else f"{user}@{host}", other)
        except AccountSuspended as error:
            return error if local else Ambiguous("suspended by another server")
        except AccountGone as error:
            return error if local else NotSupported("the server does not know the account")
        except PlatformError as error:
            return error

    async def _relationships(
        self, server: _Server, local_ids: Iterable[str]
    ) -> Mapping[str, PairReading | PlatformError]:
        ids = sorted(local_ids)
        pairs: dict[str, PairReading | PlatformError] = {}
        for start in range(0, len(ids), PAIRS):
            asked = ids[start : start + PAIRS]
            answer = await server.ask("/api/v1/accounts/relationships", {"id[]": asked})
            told = {
                each["id"]: each
                for each in objects_of(answer.body)
                if isinstance(each.get("id"), str)
            }
            pairs.update((each, _pair(told.get(each))) for each in asked)
        return pairs


async def _look_up(server: _Server, acct: str, target: Target) -> _Seen:
    answer = await server.ask("/api/v1/accounts/lookup", {"acct": acct})
    return _recognised(target, mapping_of(answer.body), server.host)


def _address(target: Target) -> tuple[str, str]:
    found = _ADDRESS.fullmatch(target.handle)
    if found is None:
        raise NotSupported("the handle names no server")
    return found[1].lower(), found[2].lower()


def _recognised(target: Target, account: Mapping[str, Any], host: str) -> _Seen:
    """The account, which must be the one that was asked about.

    Raises:
        AccountSuspended: its zero counts are no counts.
        Ambiguous: another account answered.
        ParseFailed: it does not say which it is.
    """
    local_id, handle = text_of(account.get("id")), _full(text_of(account.get("acct")), host)
    told = (account.get("uri"), account.get("url"))
    names = [each for each in told if isinstance(each, str) and _NAME.fullmatch(each)]
    if not _ID.fullmatch(local_id) or not names:
        raise ParseFailed("no usable id")
    if handle != "@".join(_address(target)):
        raise Ambiguous("another handle answered")
    if target.platform_id is not None:
        # A server that is brought up to date begins to tell the one beside the other.
        if target.platform_id not in names:
            raise Ambiguous("another id answered")
        names = [target.platform_id]
    if account.get("suspended") is True:
        raise AccountSuspended
    return _Seen(local_id, names, handle, account)


def _full(acct: str, host: str) -> str:
    """The handle with its server: a server leaves its own name out."""
    return (acct if "@" in acct else f"{acct}@{host}").lower()


def _is_of(uri: str, host: str) -> bool:
    """Whether an id lies on the host that was asked: anyone could name somebody else's."""
    found = _URI.fullmatch(uri)
    return found is not None and f".{found[1].lower()}".endswith(f".{host}")


def _moved_to(seen: _Seen) -> str:
    moved = seen.account.get("moved")
    acct = moved.get("acct") if isinstance(moved, dict) else None
    if not isinstance(acct, str) or not acct:
        return seen.handle
    return _full(acct, seen.handle.partition("@")[2])


def _reading(seen: _Seen) -> CountReading | PlatformError:
    try:
        followers = count_of(seen.account.get("followers_count"))
    except ParseFailed as error:
        return error
    return CountReading(
        platform_id=seen.names[0],
        handle=seen.handle,
        followers_min=followers,
        followers_max=followers,
        raw=str(followers),
        precision=Precision.EXACT,
        source=LOOK_UP,
    )


def _pair(entry: Mapping[str, Any] | None) -> PairReading | PlatformError:
    if entry is None:
        return Ambiguous("no answer about the pair")
    followed = entry.get("followed_by")
    if not isinstance(followed, bool):
        return ParseFailed("neither yes nor no")
    blocked = any(entry.get(each) is True for each in BLOCKS)
    return PairReading(follows=followed, source=PAIR, blocked=blocked)


def _follower(account: Mapping[str, Any], host: str) -> Follower:
    name = account.get("uri") or account.get("url")
    known = name if isinstance(name, str) and _NAME.fullmatch(name) else None
    return Follower(known, _full(text_of(account.get("acct")), host))


def _next_place(header: str, host: str, path: str) -> str | None:
    """The `max_id` of the next page, the only part of its address that is used; None at the end.

    Raises:
        ParseFailed: the link is none, or leads elsewhere.
    """
    links = _LINK.findall(header)
    onward = [address for address, rest in links if _NEXT.search(rest)]
    if not onward and (links or not header.strip()):
        return None
    try:
        parts = urlsplit(onward[0]) if len(onward) == 1 else urlsplit("")
    except ValueError:
        raise ParseFailed("a broken link") from None
    places = parse_qs(parts.query).get("max_id", [])
    elsewhere = (parts.scheme, parts.netloc.lower(), parts.path) != ("https", host, path)
    if elsewhere or len(places) != 1 or not _ID.fullmatch(places[0]):
        raise ParseFailed("a link that leads elsewhere")
    return str(places[0])


def _refusal(answer: JsonAnswer, *, with_token: bool) -> PlatformError:
    said = answer.body.get("error") if isinstance(answer.body, dict) else None
    words = said if isinstance(said, str) else ""
    match answer.status:
        case 404 if words == NO_RECORD:
            return AccountGone()
        case 410:
            return AccountSuspended()
        case 401 if with_token:
            return TokenRefused()
        case 403 | 422 if with_token:
            return CredentialsBad("the token lacks a right")
        case 401 if MEMBERS_ONLY in words:
            return NotSupported("the server answers its members only")
        case _:
            return Ambiguous(f"refused with {answer.status}")
