"""YouTube Data API v3 (platforms.md section 5; developers.google.com/youtube/v3/docs)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from app.platforms.access import Access
from app.platforms.base import (
    AccountGone,
    Adapter,
    Ambiguous,
    Capabilities,
    CountReading,
    CredentialsBad,
    NotSupported,
    ParseFailed,
    Platform,
    PlatformError,
    Precision,
    RateLimited,
    Target,
)
from app.platforms.http import JsonAnswer
from app.platforms.reading import MOST_FOLLOWERS, mapping_of, objects_of, text_of

BASE_URL = "https://www.googleapis.com"
BATCH = 50
FIGURES = 3
OK = 200
# Quotas begin anew at midnight in Mountain View (determine_quota_cost).
QUOTA_ZONE = ZoneInfo("America/Los_Angeles")


class YouTubeAdapter(Adapter):
    """Counts by channels.list, 50 ids a call, or one call for each handle whose id is not known."""

    platform: ClassVar[Platform] = Platform.YOUTUBE
    capabilities: ClassVar[Capabilities] = Capabilities(
        counts=True,
        batch_size=BATCH,
        note="Jumlah pelanggan dibulatkan ke bawah menjadi 3 angka penting oleh YouTube.",
    )

    def __init__(self, access: Access) -> None:
        self._access = access
        self._clock = access.clock
        self._http = access.http(BASE_URL)

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        """One outcome for every target; see the protocol."""
        found: dict[Target, CountReading | PlatformError] = {}
        known = [each for each in targets if each.platform_id is not None]
        for start in range(0, len(known), BATCH):
            found.update(await self._by_id(known[start : start + BATCH]))
        for target in targets:
            if target.platform_id is None:
                found[target] = await self._by_handle(target)
        return found

    async def _by_id(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        ids = ",".join(each.platform_id or "" for each in targets)
        channels = await self._channels({"id": ids, "maxResults": BATCH})
        # The order of the answer is not that of the question, and default pages are short.
        by_id = {text_of(channel.get("id")): channel for channel in channels}
        return {
            each: _reading(by_id[each.platform_id])
            if each.platform_id in by_id
            else AccountGone("missing or terminated; the API does not say which")
            for each in targets
        }

    async def _by_handle(self, target: Target) -> CountReading | PlatformError:
        # Where people gave only an id, the handle is that id.
        wanted = "id" if target.handle.startswith("UC") else "forHandle"
        try:
            channels = await self._channels({wanted: target.handle})
        except PlatformError as error:
            return error
        if not channels:
            return AccountGone("missing or terminated; the API does not say which")
        return _reading(channels[0]) if len(channels) == 1 else Ambiguous("several channels")

    async def _channels(self, asked: Mapping[str, str | int]) -> list[dict[str, Any]]:
        answer = await self._http.get_json(
            "/youtube/v3/channels",
            {"part": "id,snippet,statistics", "key": self._access.key("api_key"), **asked},
        )
        if answer.status != OK:
            raise self._refusal(answer)
        return objects_of(mapping_of(answer.body).get("items", []))

    def _refusal(self, answer: JsonAnswer) -> PlatformError:
        reasons = _reasons(answer.body)
        if reasons & {"quotaExceeded", "dailyLimitExceeded"}:
            return RateLimited("daily quota", retry_at=quota_reset(self._clock.now()))
        if reasons & {"rateLimitExceeded", "userRateLimitExceeded"}:
            return RateLimited("rate", retry_at=self._clock.now() + timedelta(minutes=1))
        if reasons & {"keyInvalid", "forbidden", "accessNotConfigured", "API_KEY_INVALID"}:
            return CredentialsBad("the API key is refused")
        return Ambiguous(f"refused with {answer.status}")


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


def _reading(channel: dict[str, Any]) -> CountReading | PlatformError:
    try:
        statistics = mapping_of(channel.get("statistics"))
        if statistics.get("hiddenSubscriberCount") is True:
            return NotSupported("the channel hides its count")
        raw = text_of(statistics.get("subscriberCount"))
        least, most, precision = subscribers(raw)
        snippet = channel.get("snippet")
        handle = snippet.get("customUrl") if isinstance(snippet, dict) else None
        return CountReading(
            platform_id=text_of(channel.get("id")),
            handle=handle.removeprefix("@") if isinstance(handle, str) else None,
            followers_min=least,
            followers_max=most,
            raw=raw,
            precision=precision,
            source="youtube:channels.list",
        )
    except ParseFailed as error:
        return error


def subscribers(raw: str) -> tuple[int, int, Precision]:
    """The interval that a subscriberCount stands for: rounded down to 3 significant figures.

    Raises:
        ParseFailed: it is no number, or shows more figures than the API publishes.
    """
    if not (raw.isascii() and raw.isdigit()) or int(raw) > MOST_FOLLOWERS:
        raise ParseFailed("no usable count")
    count = int(raw)
    step = 10 ** max(0, len(str(count)) - FIGURES)
    if count % step:
        raise ParseFailed("more figures than the API publishes")
    if step == 1:
        return count, count, Precision.EXACT
    return count, count + step - 1, Precision.TRUNCATED
