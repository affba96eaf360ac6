"""YouTube Data API v3 (platforms.md section 5; developers.google.com/youtube/v3/docs)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from app.platforms.access import Access
from app.platforms.base import (
    AccountDeactivated,
    AccountGone,
    AccountSuspended,
    Adapter,
    Ambiguous,
    Capabilities,
    CountReading,
    CredentialsBad,
    Existence,
    ExistenceState,
    NotSupported,
    PairReading,
    ParseFailed,
    Platform,
    PlatformError,
    Precision,
    RateLimited,
    Target,
    existence_after,
)
from app.platforms.http import JsonAnswer
from app.platforms.reading import MOST_FOLLOWERS, mapping_of, objects_of, text_of
from app.platforms.youtube_page import CHANNEL_ID, ChannelPage, ask_page, folded, known_id

BASE_URL = "https://www.googleapis.com"
PAGES_URL = "https://www.youtube.com"
API, PAIRS, PAGE = "youtube:channels.list", "youtube:subscriptions.list", "youtube:page"
BATCH = 50
FIGURES = 3
OK = 200
FORBIDDEN = 403
# Quotas begin anew at midnight in Mountain View (determine_quota_cost).
QUOTA_ZONE = ZoneInfo("America/Los_Angeles")

TOKEN, API_KEY = "the token is refused", "the API key is refused"
REFUSALS: Mapping[str, tuple[type[PlatformError], str]] = MappingProxyType({
    "authError": (CredentialsBad, TOKEN),
    "insufficientPermissions": (CredentialsBad, TOKEN),
    "keyInvalid": (CredentialsBad, API_KEY),
    "forbidden": (CredentialsBad, API_KEY),
    "accessNotConfigured": (CredentialsBad, API_KEY),
    "API_KEY_INVALID": (CredentialsBad, API_KEY),
    "authenticatedUserAccountClosed": (AccountDeactivated, ""),
    "authenticatedUserAccountSuspended": (AccountSuspended, ""),
})  # fmt: skip

Channel = dict[str, Any]
Told = TypeVar("Told")


class YouTubeAdapter(Adapter):
    """Channels by channels.list, 50 ids a call, or one call for each handle without an id.

    An empty answer means missing or terminated, and the API does not say which: no count and no
    subscription either way, but for the account's existence it is ambiguous until its public page
    tells. Pairs come by the person's own consent, or from subscriptions that they made public.
    """

    platform: ClassVar[Platform] = Platform.YOUTUBE
    capabilities: ClassVar[Capabilities] = Capabilities(
        counts=True,
        batch_size=BATCH,
        existence=True,
        existence_batch=BATCH,
        membership_pairs=True,
        pairs_need_consent=True,
        note=(
            "Jumlah pelanggan dibulatkan ke bawah menjadi 3 angka penting oleh YouTube dan dapat "
            "disembunyikan pemiliknya. Langganan seseorang hanya dapat diketahui dengan "
            "persetujuannya, atau bila ia membukanya untuk umum; daftar pelanggan tidak tersedia."
        ),
    )

    def __init__(self, access: Access) -> None:
        self._access = access
        self._clock = access.clock
        self._http = access.http(BASE_URL)
        self._pages = access.pages(PAGES_URL)

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        """One outcome for every target; see the protocol."""
        seen = await self._told(targets)
        if seen is None:
            return await _each(targets, self._page_count)
        return {
            target: found if isinstance(found, PlatformError) else _reading(found)
            for target, found in seen.items()
        }

    async def existence(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, Existence | PlatformError]:
        """One outcome for every target; see the protocol."""
        seen = await self._told(targets)
        if seen is None:
            return await _each(targets, self._page_existence)
        told: dict[Target, Existence | PlatformError] = {}
        for target, found in seen.items():
            if isinstance(found, AccountGone):
                told[target] = await self._missing_or_terminated(target)
            elif isinstance(found, PlatformError):
                told[target] = existence_after(found, API)
            else:
                channel_id = text_of(found.get("id"))
                told[target] = Existence(ExistenceState.EXISTS, API, channel_id, _handle(found))
        return told

    async def follows(
        self, official: Target, others: Sequence[Target]
    ) -> Mapping[Target, PairReading | PlatformError]:
        """One outcome for every other account; see the protocol.

        Raises:
            PlatformError: also what is wrong with the official channel: nobody is answered for.
        """
        watched = (await self._look_up([official]))[official]
        if isinstance(watched, PlatformError):
            raise watched
        watched_id = text_of(watched.get("id"))
        consenting = [each for each in others if each.access_token is not None]
        found = await _each(consenting, partial(self._by_consent, watched_id))
        # Whoever gives no token is looked up first: who is not there subscribes to nothing.
        seen = await self._look_up([each for each in others if each.access_token is None])
        there = {each: at for each, at in seen.items() if not isinstance(at, PlatformError)}
        gone = {each: error for each, error in seen.items() if isinstance(error, PlatformError)}

        async def ask(other: Target) -> PairReading | PlatformError:
            return await self._publicly(watched_id, text_of(there[other].get("id")))

        return {**found, **gone, **await _each(list(there), ask)}

    async def _told(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, Channel | PlatformError] | None:
        """What the API says; None where pages must answer: without a key, or without quota."""
        if self._pages is None:
            return await self._look_up(targets)
        if "api_key" not in self._access.keys:
            return None
        try:
            return await self._look_up(targets)
        except RateLimited:
            return None

    async def _look_up(self, targets: Sequence[Target]) -> dict[Target, Channel | PlatformError]:
        found: dict[Target, Channel | PlatformError] = {
            # People write ids, and one with a comma in it would be several of everybody's batch.
            each: Ambiguous("no id of YouTube's form")
            for each in targets
            if each.platform_id is not None and not CHANNEL_ID.fullmatch(each.platform_id)
        }
        known = [each for each in targets if each not in found and known_id(each)]
        for start in range(0, len(known), BATCH):
            found.update(await self._by_id(known[start : start + BATCH]))
        by_handle = [each for each in targets if each not in found]
        return {**found, **await _each(by_handle, self._by_handle)}

    async def _by_id(self, targets: Sequence[Target]) -> Mapping[Target, Channel | PlatformError]:
        ids = [known_id(each) or "" for each in targets]
        asked = {"part": "id,snippet,statistics", "id": ",".join(ids), "maxResults": str(BATCH)}
        channels, whole = await self._list("channels", asked)
        # The order of the answer is not that of the question, and default pages are short.
        by_id = {text_of(channel.get("id")): channel for channel in channels}
        absent: PlatformError = AccountGone("missing or terminated; the API does not say which")
        if not whole:
            absent = Ambiguous("fewer channels than the answer counts")
        elif set(by_id) - set(ids):
            absent = Ambiguous("another id answered")
        return {each: by_id.get(name, absent) for each, name in zip(targets, ids, strict=True)}

    async def _by_handle(self, target: Target) -> Channel | PlatformError:
        asked = {"part": "id,snippet,statistics", "forHandle": target.handle}
        channels, whole = await self._list("channels", asked)
        if not whole or len(channels) > 1:
            return Ambiguous("not one channel")
        if not channels:
            return AccountGone("missing or terminated; the API does not say which")
        shown = _handle(channels[0])
        if shown is not None and folded(shown) != folded(target.handle):
            return Ambiguous("another handle answered")
        text_of(channels[0].get("id"))
        return channels[0]

    async def _by_consent(self, watched: str, other: Target) -> PairReading | PlatformError:
        """By the person's own token, once it is known to speak for the declared channel."""
        token = other.access_token
        mine = {"part": "id,snippet", "mine": "true"}
        channels, whole = await self._list("channels", mine, token)
        if not whole or len(channels) != 1:
            return Ambiguous("the token does not speak for one channel")
        if not _is_channel_of(channels[0], other):
            return Ambiguous("the token speaks for another channel")
        asked = {"part": "id,snippet", "mine": "true", "forChannelId": watched}
        return _pair(*await self._list("subscriptions", asked, token), watched)

    async def _publicly(self, watched: str, channel_id: str) -> PairReading | PlatformError:
        asked = {"part": "id,snippet", "channelId": channel_id, "forChannelId": watched}
        answer = await self._answer("subscriptions", asked, None)
        # The same key has just been good for channels, so what is forbidden is this list.
        private = {"subscriptionForbidden", "forbidden"} & _reasons(answer.body)
        if answer.status == FORBIDDEN and private:
            return NotSupported("the subscriptions are private")
        return _pair(*self._items(answer), watched)

    async def _list(
        self, resource: str, asked: Mapping[str, str], token: str | None = None
    ) -> tuple[list[Channel], bool]:
        """The items of an answer, and whether they are as many as it counts itself."""
        return self._items(await self._answer(resource, asked, token))

    async def _answer(
        self, resource: str, asked: Mapping[str, str], token: str | None
    ) -> JsonAnswer:
        # Units are the project's, whoever's token is used, so every call draws on the app's lane.
        path = f"/youtube/v3/{resource}"
        if token is not None:
            headers = {"Authorization": f"Bearer {token}"}
            answer = await self._http.get_json(path, asked, headers=headers)
        else:
            key = self._access.key("api_key")
            answer = await self._http.get_json(path, {**asked, "key": key})
        if answer.status != OK:
            await self._http.refused(self._refusal(answer))
        return answer

    def _items(self, answer: JsonAnswer) -> tuple[list[Channel], bool]:
        if answer.status != OK:
            raise self._refusal(answer)
        body = mapping_of(answer.body)
        items = objects_of(body.get("items", []))
        total = mapping_of(body.get("pageInfo")).get("totalResults")
        if isinstance(total, bool) or not isinstance(total, int):
            raise ParseFailed("no number of results")
        return items, total == len(items)

    async def _page(self, target: Target) -> ChannelPage:
        if self._pages is None:
            raise NotSupported("public pages are switched off")
        return await ask_page(self._pages, target)

    async def _page_count(self, target: Target) -> CountReading | PlatformError:
        page = await self._page(target)
        count = page.count()
        return CountReading(
            platform_id=text_of(page.channel_id),
            handle=page.handle,
            followers_min=count.least,
            followers_max=count.most,
            raw=page.raw or "",
            precision=count.precision,
            source=PAGE,
        )

    async def _page_existence(self, target: Target) -> Existence | PlatformError:
        try:
            page = await self._page(target)
        except PlatformError as error:
            return existence_after(error, PAGE)
        return Existence(ExistenceState.EXISTS, PAGE, page.channel_id, page.handle)

    async def _missing_or_terminated(self, target: Target) -> Existence:
        """The page's word where it can be had; else, or if it contradicts, ambiguous."""
        try:
            await self._page(target)
        except AccountGone as error:
            told = existence_after(error, PAGE)
            if isinstance(told, Existence):
                return told
        except PlatformError:
            pass
        return Existence(ExistenceState.AMBIGUOUS, API)

    def _refusal(self, answer: JsonAnswer) -> PlatformError:
        reasons = _reasons(answer.body)
        if reasons & {"quotaExceeded", "dailyLimitExceeded"}:
            return RateLimited("daily quota", retry_at=quota_reset(self._clock.now()))
        if reasons & {"rateLimitExceeded", "userRateLimitExceeded"}:
            return RateLimited("rate", retry_at=self._clock.now() + timedelta(minutes=1))
        for reason in sorted(reasons & set(REFUSALS)):
            kind, words = REFUSALS[reason]
            return kind(words)
        return Ambiguous(f"refused with {answer.status}")


async def _each(
    targets: Sequence[Target], ask: Callable[[Target], Awaitable[Told | PlatformError]]
) -> dict[Target, Told | PlatformError]:
    """One question for each; once the quota is spent the rest is not asked any more."""
    found: dict[Target, Told | PlatformError] = {}
    spent: RateLimited | None = None
    for target in targets:
        if spent is not None:
            found[target] = spent
            continue
        try:
            found[target] = await ask(target)
        except PlatformError as error:
            found[target] = error
            spent = error if isinstance(error, RateLimited) else None
    return found


def _pair(items: list[Channel], whole: bool, watched: str) -> PairReading | PlatformError:  # noqa: FBT001 - The rest of an answer.
    if not whole:
        return Ambiguous("fewer subscriptions than the answer counts")
    if not items:
        return PairReading(follows=False, source=PAIRS)
    snippets = [mapping_of(each.get("snippet")) for each in items]
    followed = {mapping_of(each.get("resourceId")).get("channelId") for each in snippets}
    if followed != {watched}:
        return Ambiguous("a subscription to another channel")
    return PairReading(follows=True, source=PAIRS)


def _is_channel_of(channel: Channel, target: Target) -> bool:
    known = known_id(target)
    if known is not None:
        return channel.get("id") == known
    shown = _handle(channel)
    return shown is not None and folded(shown) == folded(target.handle)


def _handle(channel: Channel) -> str | None:
    """The handle of a channel; without the sign before it, it is an address of older days."""
    snippet = channel.get("snippet")
    shown = snippet.get("customUrl") if isinstance(snippet, dict) else None
    return shown[1:] if isinstance(shown, str) and shown.startswith("@") else None


def _reasons(body: object) -> set[str]:
    error = body.get("error") if isinstance(body, dict) else None
    listed = error.get("errors") if isinstance(error, dict) else None
    return {
        str(each.get("reason"))
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict)
    }


def quota_reset(now: datetime) -> datetime:
    """The next midnight in California, as UTC."""
    tomorrow = now.astimezone(QUOTA_ZONE).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, QUOTA_ZONE).astimezone(now.tzinfo)


def _reading(channel: Channel) -> CountReading | PlatformError:
    try:
        statistics = mapping_of(channel.get("statistics"))
        if statistics.get("hiddenSubscriberCount") is True:
            return NotSupported("the channel hides its count")
        raw = text_of(statistics.get("subscriberCount"))
        least, most, precision = subscribers(raw)
        return CountReading(
            platform_id=text_of(channel.get("id")),
            handle=_handle(channel),
            followers_min=least,
            followers_max=most,
            raw=raw,
            precision=precision,
            source=API,
        )
    except ParseFailed as error:
        return error


def subscribers(raw: str) -> tuple[int, int, Precision]:
    """The interval that a subscriberCount stands for: rounded down to 3 significant figures.

    Raises:
        ParseFailed: it is no number, or shows more figures than the API publishes.
    """
    # More figures than the most followers have would only be costly to read.
    readable = raw.isascii() and raw.isdigit() and len(raw) <= len(str(MOST_FOLLOWERS))
    if not readable or int(raw) > MOST_FOLLOWERS:
        raise ParseFailed("no usable count")
    count = int(raw)
    step = 10 ** max(0, len(str(count)) - FIGURES)
    if count % step:
        raise ParseFailed("more figures than the API publishes")
    if step == 1:
        return count, count, Precision.EXACT
    return count, count + step - 1, Precision.TRUNCATED
