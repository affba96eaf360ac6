"""Which platforms there are, what each can tell, and the adapter of each: one line a platform."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.platforms.access import Access
from app.platforms.base import Adapter, Capabilities, Platform
from app.platforms.bluesky import BlueskyAdapter
from app.platforms.facebook import FacebookAdapter
from app.platforms.instagram import InstagramAdapter
from app.platforms.mastodon import MastodonAdapter
from app.platforms.threads import ThreadsAdapter
from app.platforms.tiktok import TikTokAdapter
from app.platforms.x import XAdapter
from app.platforms.youtube import YouTubeAdapter

ADAPTERS = MappingProxyType({
    adapter.platform: adapter
    for adapter in (
        BlueskyAdapter,
        FacebookAdapter,
        InstagramAdapter,
        MastodonAdapter,
        ThreadsAdapter,
        TikTokAdapter,
        XAdapter,
        YouTubeAdapter,
    )
})  # fmt: skip


CAPABILITIES: Mapping[Platform, Capabilities] = MappingProxyType(
    {platform: adapter.capabilities for platform, adapter in ADAPTERS.items()}
)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The adapters of one process, and the ways of reaching their platforms."""

    adapters: Mapping[Platform, Adapter]
    accesses: tuple[Access, ...]

    async def aclose(self) -> None:
        for access in self.accesses:
            await access.aclose()


def build_adapters(accesses: Iterable[Access]) -> Catalog:
    """The adapters of the platforms that can be reached."""
    chosen = tuple(each for each in accesses if each.platform in ADAPTERS)
    return Catalog({each.platform: ADAPTERS[each.platform](each) for each in chosen}, chosen)
