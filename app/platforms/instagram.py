"""Instagram (platforms.md section 1; Meta's "Business Discovery", "IG User", "User Profile API").

Scoped ids come from Meta's "Conversations API for Messenger Platform" with platform=instagram.

The page's data is that of the profile page for guests; collecting it needs Meta's permission.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from app.platforms.access import Access
from app.platforms.base import (
    Adapter,
    Ambiguous,
    Capabilities,
    CountReading,
    CredentialsBad,
    Existence,
    Follower,
    LoginWall,
    NotSupported,
    PairReading,
    ParseFailed,
    Platform,
    PlatformError,
    Target,
)
from app.platforms.http import PageAnswer, PlatformHttp
from app.platforms.meta import (
    API,
    NAVIGATION,
    OK,
    PLAIN,
    Graph,
    Route,
    Seen,
    Untold,
    asks_to_sign_in,
    count_from,
    existence_from,
    is_plain,
    is_web_id,
    next_cursor,
    told_by,
)
from app.platforms.pages import Page, objects_with
from app.platforms.reading import mapping_of, objects_of, text_of
from app.platforms.trail import Trail

BASE_URL = "https://graph.facebook.com"
PAGE_URL = "https://www.instagram.com"
FIELDS = "id,username,followers_count"
USER = "xig_user_by_username"
FOLLOWS = "is_user_follow_business"
# Messages have a budget of their own, so that they take nothing away from counting.
MESSAGES = "messages "
# Meta names no largest page, and refuses pages that are too much work for it.
CONVERSATIONS = 50
NOT_FOUND = 404
PAIR = 2


class InstagramAdapter(Adapter):
    """Profiles by Business Discovery, one a call; an account's own token reads its own node.

    Business Discovery gives one error, 110 with 2207013, for personal accounts and for handles
    that do not exist, so it can confirm an account but never deny one. Nobody may read a list
    of followers; one person is checked only after that person has written to the account.
    """

    platform: ClassVar[Platform] = Platform.INSTAGRAM
    capabilities: ClassVar[Capabilities] = Capabilities(
        counts=True,
        counts_use_token=True,
        existence=True,
        membership_pairs=True,
        pairs_need_token=True,
        pairs_need_scoped_id=True,
        owner_export=True,
        note=(
            "Jumlah pengikut tepat untuk akun profesional (bisnis atau kreator). Keberadaan akun "
            "pribadi tidak dapat dipastikan: Instagram memberi jawaban yang sama untuk akun "
            "pribadi dan akun yang tidak ada. Daftar pengikut tidak tersedia melalui API; "
            "keanggotaan diketahui dari unduhan data akun resmi, atau per orang setelah orang "
            "itu mengirim pesan kepada akun resmi yang sudah terhubung."
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

    async def follows(
        self, official: Target, others: Sequence[Target]
    ) -> Mapping[Target, PairReading | PlatformError]:
        """One outcome for every other account that carries a `scoped_id`; see the protocol."""
        return {other: await self._pair(official, other) for other in others}

    async def scoped_ids(self, official: Target) -> AsyncIterator[Mapping[str, str]]:
        """The conversations' other participants, by handle in lower case; see the protocol."""
        if official.access_token is None:
            raise CredentialsBad("the official account is not connected")
        asked = {"platform": "instagram", "fields": "participants", "limit": str(CONVERSATIONS)}
        trail = Trail()
        while True:
            body = await self._graph.get(
                f"{API}/me/conversations", asked, official.access_token, own=True, use=MESSAGES
            )
            page = objects_of(body.get("data"))
            trail.note_page([Follower(text_of(each.get("id")), None) for each in page])
            yield dict(filter(None, (_writer(each, official) for each in page)))
            after = next_cursor(body)
            if after is None:
                return
            asked["after"] = trail.note_cursor(after)

    async def _told(self, target: Target) -> Seen | Untold:
        if not is_plain(target):
            return Untold(Ambiguous("no handle of this platform"), "instagram:handle")
        return await told_by(self._routes(target), target)

    def _routes(self, target: Target) -> Iterator[Route]:
        """The ways of asking about a target, best first."""
        if target.access_token and target.platform_id and not is_web_id(target.platform_id):
            yield Route("instagram:own_account", self._own_account)
        # Without a key there is nothing to be refused, so the page alone has the word.
        if self._pages is None or "access_token" in self._access.keys:
            yield Route("instagram:business_discovery", self._discovery)
        if self._pages is not None:
            yield Route("instagram:page", partial(_page, self._pages))

    async def _own_account(self, target: Target) -> Seen:
        node = await self._graph.get(
            f"{API}/{target.platform_id}", {"fields": FIELDS}, target.access_token or "", own=True
        )
        return _seen(target, node, "instagram:own_account")

    async def _discovery(self, target: Target) -> Seen:
        asked = f"business_discovery.username({target.handle}){{{FIELDS}}}"
        node = await self._graph.get(
            f"{API}/{self._access.key('user_id')}",
            {"fields": asked},
            self._access.key("access_token"),
        )
        found = mapping_of(node.get("business_discovery"))
        return _seen(target, found, "instagram:business_discovery")

    async def _pair(self, official: Target, other: Target) -> PairReading | PlatformError:
        if other.scoped_id is None or not PLAIN.fullmatch(other.scoped_id):
            return NotSupported("the person has not written to the official account")
        if official.access_token is None:
            return CredentialsBad("the official account is not connected")
        try:
            person = await self._graph.get(
                f"{API}/{other.scoped_id}",
                {"fields": f"username,{FOLLOWS}"},
                official.access_token,
                own=True,
                use=MESSAGES,
            )
            return _answer_about(other, person)
        except PlatformError as error:
            return error


def _answer_about(other: Target, person: Mapping[str, Any]) -> PairReading:
    """What a profile says of the person who was asked about.

    Raises:
        ParseFailed: it says neither yes nor no.
        Ambiguous: it is somebody else's.
    """
    follows = person.get(FOLLOWS)
    if not isinstance(follows, bool):
        raise ParseFailed("neither yes nor no")
    if person.get("id", other.scoped_id) != other.scoped_id:
        raise Ambiguous("another id answered")
    handle = person.get("username", other.handle)
    if not isinstance(handle, str) or handle.lower() != other.handle.lower():
        raise Ambiguous("another handle answered")
    return PairReading(follows, "instagram:user_profile")


def _writer(conversation: Mapping[str, Any], official: Target) -> tuple[str, str] | None:
    """Whom the official account is in conversation with; None for groups and the nameless.

    Raises:
        ParseFailed: the participants are told in another form.
    """
    told = conversation.get("participants")
    people = objects_of(mapping_of(told).get("data")) if told is not None else []
    others = [each for each in people if not _is_official(each, official)]
    if len(people) != PAIR or len(others) != 1:
        return None
    scoped_id, handle = text_of(others[0].get("id")), others[0].get("username")
    if not PLAIN.fullmatch(scoped_id):
        raise ParseFailed("no usable id")
    return (handle.lower(), scoped_id) if isinstance(handle, str) and handle else None


def _is_official(participant: Mapping[str, Any], official: Target) -> bool:
    """Whether a participant is the official account, known here by one of its two ids or a name."""
    handle = participant.get("username")
    if isinstance(handle, str) and handle.lower() == official.handle.lower():
        return True
    return official.platform_id is not None and participant.get("id") == official.platform_id


def _seen(target: Target, node: Mapping[str, Any], source: str) -> Seen:
    handle = text_of(node.get("username"))
    return Seen(
        source,
        ids=(text_of(node.get("id")),),
        handle=handle,
        other_handle=handle.lower() != target.handle.lower(),
        followers=node.get("followers_count"),
    )


async def _page(pages: PlatformHttp, target: Target) -> Seen:
    async with pages.page(f"/{target.handle}/", {}, headers=NAVIGATION) as answer:
        page = Page(answer.text)
        told = [
            each[USER]
            for block in page.json_blocks("script[data-sjs]")
            for each in objects_with(block, USER)
        ]
        users = [each for each in told if isinstance(each, dict) and "username" in each]
        if answer.status != OK or not users:
            raise _no_user(answer, page, told)
        # A page repeats its user in smaller pieces, of which only one holds the count.
        user = next((each for each in users if "follower_count" in each), users[0])
        handle = text_of(user.get("username"))
        return Seen(
            "instagram:page",
            ids=(text_of(user.get("pk")),),
            handle=handle,
            other_handle=handle.lower() != target.handle.lower(),
            followers=user.get("follower_count"),
            private=user.get("is_private") is True,
        )


def _no_user(answer: PageAnswer, page: Page, told: Sequence[object]) -> PlatformError:
    """What a page without a user means; nothing that it shows proves that the account is gone."""
    if answer.status == NOT_FOUND:
        # Two bare words are a challenge in disguise; a whole page is for missing or blocked.
        if answer.text.strip() == "Not Found":
            return LoginWall("a challenge")
        return Ambiguous("missing, or hidden from guests")
    if answer.status != OK or asks_to_sign_in(page):
        return LoginWall("a sign-in page")
    if None in told:
        return Ambiguous("missing, or hidden from guests")
    return ParseFailed("the page carries no data")
