"""What the handles and addresses of every platform look like, as data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from re import Pattern
from types import MappingProxyType
from typing import Final

from app.platforms.base import Platform

_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PRIVATE_NAMES = r"(?:alt|arpa|internal|invalid|local|localhost|onion)"
_DID_PLC = r"did:plc:[a-z2-7]{24}"
_DID_WEB = rf"did:web:(?=.{{1,253}}\Z){_DOMAIN}"


@dataclass(frozen=True, slots=True)
class HandleRule:
    """What one platform's handles and addresses look like.

    Routes are matched against the decoded path without outer slashes, followed by
    `?key=value` when the address carries a key of `query`. A route names its handle `name`,
    a sigil that tells a handle from an id `at`, and another home server `host`.
    """

    title: str
    example: str
    hosts: Pattern[str]
    handle: Pattern[str]
    routes: tuple[Pattern[str], ...]
    url: str
    reserved: frozenset[str] = frozenset()
    leads_on: Pattern[str] | None = None
    stable_id: Pattern[str] | None = None
    id_url: str = ""
    query: tuple[str, ...] = ()
    home: str = ""
    ascii_only: bool = True


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_META_HANDLE = re.compile(r"(?!.*\.\.)(?!.*\.\Z)(?!\.)[a-z0-9._]{1,30}")
_META_RESERVED = _names(
    "about accounts ads api challenge developer direct directory emails explore legal p press"
    " privacy push reel reels session settings share stories tv web your_activity"
)

RULES: Final[Mapping[Platform, HandleRule]] = MappingProxyType(
    {
        Platform.INSTAGRAM: HandleRule(
            title="Instagram",
            example="https://www.instagram.com/name",
            hosts=re.compile(r"(?:(?:www|m)\.)?instagram\.com|(?:www\.)?instagr\.am"),
            handle=_META_HANDLE,
            routes=(
                re.compile(r"(?:_u/)?@?(?P<name>[^/?]+)(?:/(?:followers|following|reels|tagged))?"),
            ),
            url="https://www.instagram.com/{name}/",
            reserved=_META_RESERVED,
            leads_on=re.compile(r"share/.+"),
        ),
        Platform.THREADS: HandleRule(
            title="Threads",
            example="https://www.threads.com/@name",
            hosts=re.compile(r"(?:www\.)?threads\.(?:com|net)"),
            handle=_META_HANDLE,
            routes=(re.compile(r"@(?P<name>[^/?]+)(?:/(?:media|replies|reposts))?"),),
            url="https://www.threads.com/@{name}",
            reserved=_META_RESERVED,
        ),
        Platform.FACEBOOK: HandleRule(
            title="Facebook",
            example="https://www.facebook.com/name",
            hosts=re.compile(
                r"(?:(?:www|m|web|mbasic|mobile|touch|[a-z]{2}-[a-z]{2})\.)?facebook\.com"
                r"|(?:www\.)?fb\.com"
            ),
            handle=re.compile(r"(?!.*\.php\Z)(?:[a-z0-9.]{5,50}|[a-z0-9.-]{1,60}-[0-9]{5,20})"),
            stable_id=re.compile(r"[0-9]{5,20}"),
            id_url="https://www.facebook.com/profile.php?id={id}",
            query=("id",),
            routes=(
                re.compile(r"profile\.php\?id=(?P<name>[0-9]+)"),
                re.compile(r"(?:people|pages)/[^/]+/(?P<name>[0-9]+)"),
                re.compile(r"p/[^/]*-(?P<name>[0-9]+)"),
                re.compile(
                    r"(?:pg/)?@?(?P<name>[^/?]+(?<!\.php))"
                    r"(?:/(?:about|followers|photos|posts|reels|videos))?"
                ),
            ),
            url="https://www.facebook.com/{name}",
            reserved=_names(
                "about business events friends gaming groups hashtag help login marketplace"
                " messages notifications pages people photo photos policies privacy public reel"
                " reels search settings share sharer stories story terms video videos watch"
            ),
            leads_on=re.compile(r"(?:share|share\.php|sharer|l\.php)(?:[/?].*)?"),
        ),
        Platform.TIKTOK: HandleRule(
            title="TikTok",
            example="https://www.tiktok.com/@name",
            hosts=re.compile(r"(?:(?:www|m)\.)?tiktok\.com"),
            handle=re.compile(r"(?!.*\.\Z)[a-z0-9_.]{2,24}"),
            routes=(re.compile(r"@(?P<name>[^/?]+)"),),
            url="https://www.tiktok.com/@{name}",
            leads_on=re.compile(r"t/.+"),
        ),
        Platform.X: HandleRule(
            title="X",
            example="https://x.com/name",
            hosts=re.compile(r"(?:(?:www|mobile|m)\.)?(?:x|twitter)\.com"),
            handle=re.compile(r"[a-z0-9_]{1,15}"),
            query=("screen_name",),
            routes=(
                re.compile(r"intent/(?:user|follow)\?screen_name=@?(?P<name>[^/?]+)"),
                re.compile(
                    r"@?(?P<name>[^/?]+)"
                    r"(?:/(?:followers|following|highlights|likes|media|with_replies))?"
                ),
            ),
            url="https://x.com/{name}",
            reserved=_names(
                "about compose download explore hashtag home i intent jobs login logout messages"
                " notifications privacy search settings share signup tos"
            ),
        ),
        Platform.YOUTUBE: HandleRule(
            title="YouTube",
            example="https://www.youtube.com/@name",
            hosts=re.compile(r"(?:(?:www|m)\.)?youtube\.(?:com|co\.id)"),
            handle=re.compile(r"[\w.\u00b7-]{3,30}"),
            ascii_only=False,
            stable_id=re.compile(r"UC[A-Za-z0-9_-]{22}"),
            id_url="https://www.youtube.com/channel/{id}",
            routes=tuple(
                re.compile(
                    head
                    + r"(?:/(?:about|community|featured|playlists|posts|shorts|streams|videos))?"
                )
                for head in (r"(?P<at>@)(?P<name>[^/?]+)", r"channel/(?P<name>[^/?]+)")
            ),
            url="https://www.youtube.com/@{name}",
            # A name of the older forms may belong to another channel than the handle of that name.
            leads_on=re.compile(
                r"(?:c|user)/.+"
                r"|(?!(?:@|(?:feed|gaming|live|playlist|premium|results|shorts|watch)\Z))[^/?]+"
            ),
        ),
        Platform.BLUESKY: HandleRule(
            title="Bluesky",
            example="https://bsky.app/profile/name.bsky.social",
            hosts=re.compile(r"(?:www\.)?bsky\.app"),
            handle=re.compile(rf"(?=.{{1,253}}\Z)(?!.*\.(?:example|{_PRIVATE_NAMES})\Z){_DOMAIN}"),
            stable_id=re.compile(rf"{_DID_PLC}|{_DID_WEB}"),
            id_url="https://bsky.app/profile/{id}",
            routes=(re.compile(r"profile/@?(?P<name>[^/?]+)(?:/(?:followers|follows))?"),),
            url="https://bsky.app/profile/{name}",
            home=".bsky.social",
        ),
        Platform.MASTODON: HandleRule(
            title="Mastodon",
            example="https://mastodon.social/@name",
            # Any server can be a home; these are told apart without being told the platform.
            hosts=re.compile(
                r"mastodon\.(?:social|online|world)|mstdn\.(?:social|jp)|mas\.to|fosstodon\.org"
            ),
            # A server whose name is not plain letters may only look like another one.
            handle=re.compile(
                r"[a-z0-9_](?:[a-z0-9_.-]{0,62}[a-z0-9_])?@(?=.{1,253}\Z)"
                rf"(?!(?:.*\.)?(?:xn--|{_PRIVATE_NAMES}\Z)){_DOMAIN}"
            ),
            routes=(
                re.compile(
                    r"(?:web/|deck/)?@(?P<name>[^/?@]+)(?:@(?P<host>[^/?@]+))?"
                    r"(?:/(?:followers|following|media|with_replies))?"
                ),
                re.compile(r"users/(?P<name>[^/?@]+)"),
            ),
            url="https://{host}/@{name}",
            leads_on=re.compile(r"ap/users/[0-9]+"),
        ),
    }
)

SHORTENERS = _names(
    "bit.ly cutt.ly fb.me fb.watch l.facebook.com l.instagram.com lm.facebook.com linktr.ee"
    " lnkd.in m.me msha.ke s.id shorturl.at t.co tinyurl.com vm.tiktok.com vt.tiktok.com youtu.be"
)
