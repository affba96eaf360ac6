"""Bluesky's public XRPC API (platforms.md section 7; bsky-docs, atproto lexicons)."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    Existence,
    ExistenceState,
    Follower,
    FollowerPage,
    PairReading,
    ParseFailed,
    Platform,
    PlatformError,
    Precision,
    Target,
    existence_after,
)
from app.platforms.http import JsonAnswer
from app.platforms.reading import count_of, mapping_of, objects_of, text_of
from app.platforms.trail import Trail

BASE_URL = "https://public.api.bsky.app"
BATCH = 25
PAIRS = 30
PAGE = 100
GONE = "Profile not found"
NOT_FOUND = "Actor not found"
# What the platform shows where a handle no longer leads to its account.
NO_HANDLE = "handle.invalid"
BLOCKS = ("blocking", "blockedBy", "blockingByList", "blockedByList")
OK = 200
BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class _Seen:
    """An account that is there right now, and the profile and route that say so."""

    did: str
    handle: str | None
    profile: Mapping[str, Any]
    source: str


class BlueskyAdapter(Adapter):
    """Profiles by getProfiles, 25 actors a call; pairs by getRelationships, 30 a call.

    getProfiles drops unknown actors without a word, so whoever is missing from the answer is
    asked for alone: only getProfile says whether they are gone, deactivated or taken down.
    getRelationships answers for an unknown DID as for somebody who does not follow, so it is
    asked only about accounts that a profile has just confirmed.
    """

    platform: ClassVar[Platform] = Platform.BLUESKY
    capabilities: ClassVar[Capabilities] = Capabilities(
        counts=True,
        batch_size=BATCH,
        existence=True,
        existence_batch=BATCH,
        membership_pairs=True,
        pair_batch=PAIRS,
        membership_list=True,
        note=(
            "Jumlah pengikut, keberadaan akun, dan keanggotaan dapat diketahui melalui API publik "
            "tanpa izin khusus. Daftar pengikut tidak memuat akun yang nonaktif, ditangguhkan, "
            "atau memblokir akun resmi, padahal jumlahnya masih menghitung mereka."
        ),
    )

    def __init__(self, access: Access) -> None:
        self._http = access.http(BASE_URL)

    async def counts(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, CountReading | PlatformError]:
        """One outcome for every target; see the protocol."""
        seen = await self._look_up(targets)
        return {
            target: found if isinstance(found, PlatformError) else _reading(found)
            for target, found in seen.items()
        }

    async def existence(
        self, targets: Sequence[Target]
    ) -> Mapping[Target, Existence | PlatformError]:
        """One outcome for every target; see the protocol."""
        seen = await self._look_up(targets)
        return {
            target: existence_after(found, "bluesky:getProfile")
            if isinstance(found, PlatformError)
            else Existence(ExistenceState.EXISTS, found.source, found.did, found.handle)
            for target, found in seen.items()
        }

    async def follows(
        self, official: Target, others: Sequence[Target]
    ) -> Mapping[Target, PairReading | PlatformError]:
        """One outcome for every other account; see the protocol.

        Raises:
            PlatformError: also what is wrong with the official account, for then nothing that
                the platform says of the others is an answer.
        """
        seen = await self._look_up([official, *others])
        watched = seen[official]
        if isinstance(watched, PlatformError):
            raise watched
        there = {each: found for each in others if isinstance(found := seen[each], _Seen)}
        pairs = await self._relationships(watched.did, {found.did for found in there.values()})
        answers: dict[Target, PairReading | PlatformError] = {
            each: error for each in others if isinstance(error := seen[each], PlatformError)
        }
        return answers | {each: pairs[found.did] for each, found in there.items()}

    async def followers(self, official: Target) -> AsyncIterator[FollowerPage]:
        """The pages up to the one without a cursor; a short or empty page is no end."""
        trail = Trail()
        asked: dict[str, str | int] = {"actor": _actor(official), "limit": PAGE}
        while True:
            answer = await self._http.get_json("/xrpc/app.bsky.graph.getFollowers", asked)
            if answer.status != OK:
                raise _refusal(answer)
            body = mapping_of(answer.body)
            _require_same(official, mapping_of(body.get("subject")))
            page = [_follower(each) for each in objects_of(body.get("followers"))]
            trail.note_page(page)
            yield FollowerPage(page, "bluesky:getFollowers")
            if "cursor" not in body:
                return
            asked["cursor"] = trail.note_cursor(text_of(body["cursor"]))

    async def _look_up(self, targets: Sequence[Target]) -> dict[Target, _Seen | PlatformError]:
        found: dict[Target, _Seen | PlatformError] = {}
        for start in range(0, len(targets), BATCH):
            found.update(await self._batch(targets[start : start + BATCH]))
        return found

    async def _batch(self, targets: Sequence[Target]) -> Mapping[Target, _Seen | PlatformError]:
        answer = await self._http.get_json(
            "/xrpc/app.bsky.actor.getProfiles", {"actors": [_actor(each) for each in targets]}
        )
        # One name that is none makes the platform refuse the whole batch: then each goes alone.
        if answer.status not in {OK, BAD_REQUEST}:
            raise _refusal(answer)
        known: dict[str, dict[str, Any]] = {}
        if answer.status == OK:
            known = _by_name(objects_of(mapping_of(answer.body).get("profiles")))
        return {
            target: _recognised(target, known[name], "bluesky:getProfiles")
            if (name := _actor(target)) in known
            else await self._alone(target)
            for target in targets
        }

    async def _alone(self, target: Target) -> _Seen | PlatformError:
        try:
            answer = await self._http.get_json(
                "/xrpc/app.bsky.actor.getProfile", {"actor": _actor(target)}
            )
            if answer.status != OK:
                return _refusal(answer)
            return _recognised(target, mapping_of(answer.body), "bluesky:getProfile")
        except PlatformError as error:
            return error

    async def _relationships(
        self, official: str, others: Iterable[str]
    ) -> Mapping[str, PairReading | PlatformError]:
        dids = sorted(others)
        pairs: dict[str, PairReading | PlatformError] = {}
        for start in range(0, len(dids), PAIRS):
            asked = dids[start : start + PAIRS]
            answer = await self._http.get_json(
                "/xrpc/app.bsky.graph.getRelationships", {"actor": official, "others": asked}
            )
            if answer.status != OK:
                raise _refusal(answer)
            body = mapping_of(answer.body)
            if body.get("actor", official) != official:
                raise Ambiguous("another actor answered")
            entries = objects_of(body.get("relationships"))
            told = {each.get("did"): each for each in entries if isinstance(each.get("did"), str)}
            pairs.update((did, _pair(did, told.get(did))) for did in asked)
        return pairs


def _pair(did: str, entry: Mapping[str, Any] | None) -> PairReading | PlatformError:
    # Whoever is told as not found has no entry under a DID: the actor may be unknown as well.
    if entry is None or entry.get("notFound") is True:
        return Ambiguous("no answer about the pair")
    follow = entry.get("followedBy")
    if follow is None:
        blocked = any(entry.get(each) is not None for each in BLOCKS)
        return PairReading(follows=False, source="bluesky:getRelationships", blocked=blocked)
    if not isinstance(follow, str) or not follow.startswith(f"at://{did}/"):
        return Ambiguous("another account's follow")
    return PairReading(follows=True, source="bluesky:getRelationships")


def _actor(target: Target) -> str:
    """The DID where it is known, else the handle in lower case."""
    if target.platform_id is not None:
        return target.platform_id
    return target.handle if target.handle.startswith("did:") else target.handle.lower()


def _by_name(profiles: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The profiles by DID and by handle; one without them is as good as left out."""
    names = ((profile, profile.get(key)) for profile in profiles for key in ("did", "handle"))
    return {
        name if name.startswith("did:") else name.lower(): profile
        for profile, name in names
        if isinstance(name, str)
    }


def _require_same(target: Target, profile: Mapping[str, Any]) -> tuple[str, str | None]:
    """The DID and handle of a profile, which must be the account that was asked about.

    Raises:
        Ambiguous: another id under the name that was asked for is another account.
        ParseFailed: the profile does not say whose it is.
    """
    did, handle = text_of(profile.get("did")), text_of(profile.get("handle"))
    name = _actor(target)
    if name.startswith("did:"):
        if did != name:
            raise Ambiguous("another id answered")
    elif handle.lower() != name:
        raise Ambiguous("another handle answered")
    return did, _shown(handle)


def _recognised(target: Target, profile: dict[str, Any], source: str) -> _Seen | PlatformError:
    try:
        did, handle = _require_same(target, profile)
    except PlatformError as error:
        return error
    return _Seen(did, handle, profile, source)


def _reading(seen: _Seen) -> CountReading | PlatformError:
    try:
        followers = count_of(seen.profile.get("followersCount"))
    except ParseFailed as error:
        return error
    return CountReading(
        platform_id=seen.did,
        handle=seen.handle,
        followers_min=followers,
        followers_max=followers,
        raw=str(followers),
        precision=Precision.EXACT,
        source=seen.source,
    )


def _follower(entry: Mapping[str, Any]) -> Follower:
    return Follower(text_of(entry.get("did")), _shown(text_of(entry.get("handle"))))


def _shown(handle: str) -> str | None:
    return None if handle == NO_HANDLE else handle


def _refusal(answer: JsonAnswer) -> PlatformError:
    body = answer.body if isinstance(answer.body, dict) else {}
    match body.get("error"), body.get("message"):
        case "AccountDeactivated", _:
            return AccountDeactivated()
        case "AccountTakedown", _:
            return AccountSuspended()
        case "ActorNotFound", _:
            return AccountGone()
        case "InvalidRequest", str(message) if message == GONE or message.startswith(NOT_FOUND):
            return AccountGone()
        case _:
            return Ambiguous(f"refused with {answer.status}")
