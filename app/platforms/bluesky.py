"""Bluesky's public XRPC API (platforms.md section 7; bsky-docs, atproto lexicons)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from app.platforms.access import Access
from app.platforms.base import (
    AccountDeactivated,
    AccountGone,
    AccountSuspended,
    Adapter,
    Ambiguous,
    Capabilities,
    CountReading,
    ParseFailed,
    Platform,
    PlatformError,
    Precision,
    Target,
)
from app.platforms.http import JsonAnswer
from app.platforms.reading import count_of, mapping_of, objects_of, text_of

BASE_URL = "https://public.api.bsky.app"
BATCH = 25
GONE = "Profile not found"
OK = 200


class BlueskyAdapter(Adapter):
    """Counts by getProfiles, 25 actors a call.

    getProfiles drops unknown actors without a word, so whoever is missing from the answer is
    asked for alone: only getProfile says whether they are gone, deactivated or taken down.
    """

    platform: ClassVar[Platform] = Platform.BLUESKY
    capabilities: ClassVar[Capabilities] = Capabilities(
        counts=True,
        batch_size=BATCH,
        note="Jumlah pengikut tepat melalui API publik; daftar pengikut belum dibaca.",
    )

    def __init__(self, access: Access) -> None:
        self._http = access.http(BASE_URL)

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        """One outcome for every target; see the protocol."""
        found: dict[Target, CountReading | PlatformError] = {}
        for start in range(0, len(targets), BATCH):
            found.update(await self._batch(targets[start : start + BATCH]))
        return found

    async def _batch(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        answer = await self._http.get_json(
            "/xrpc/app.bsky.actor.getProfiles", {"actors": [_actor(each) for each in targets]}
        )
        if answer.status != OK:
            raise _refusal(answer)
        profiles = objects_of(mapping_of(answer.body).get("profiles"))
        known: dict[str, dict[str, Any]] = {}
        for profile in profiles:
            known[text_of(profile.get("did"))] = profile
            known[text_of(profile.get("handle")).lower()] = profile
        found: dict[Target, CountReading | PlatformError] = {}
        for target in targets:
            profile_of_target = known.get(target.platform_id or target.handle.lower())
            found[target] = (
                _reading(target, profile_of_target, "bluesky:getProfiles")
                if profile_of_target is not None
                else await self._alone(target)
            )
        return found

    async def _alone(self, target: Target) -> CountReading | PlatformError:
        try:
            answer = await self._http.get_json(
                "/xrpc/app.bsky.actor.getProfile", {"actor": _actor(target)}
            )
            if answer.status != OK:
                return _refusal(answer)
            return _reading(target, mapping_of(answer.body), "bluesky:getProfile")
        except PlatformError as error:
            return error


def _actor(target: Target) -> str:
    return target.platform_id or target.handle


def _reading(target: Target, profile: dict[str, Any], source: str) -> CountReading | PlatformError:
    try:
        did, handle = text_of(profile.get("did")), text_of(profile.get("handle"))
        # Another id under the name that was asked for is another account, whatever it counts.
        if target.platform_id is not None and did != target.platform_id:
            return Ambiguous("another id answered")
        if target.platform_id is None and handle.lower() != target.handle.lower():
            return Ambiguous("another handle answered")
        followers = count_of(profile.get("followersCount"))
    except ParseFailed as error:
        return error
    return CountReading(
        platform_id=did,
        handle=handle,
        followers_min=followers,
        followers_max=followers,
        raw=str(followers),
        precision=Precision.EXACT,
        source=source,
    )


def _refusal(answer: JsonAnswer) -> PlatformError:
    body = answer.body if isinstance(answer.body, dict) else {}
    match body.get("error"), body.get("message"):
        case "AccountDeactivated", _:
            return AccountDeactivated()
        case "AccountTakedown", _:
            return AccountSuspended()
        case "InvalidRequest", message if message == GONE:
            return AccountGone()
        case _:
            return Ambiguous(f"refused with {answer.status}")
