"""Which platforms there are, what each can tell, and the adapter of each: one line a platform."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.core.clock import Clock
from app.platforms import bluesky, youtube
from app.platforms.base import Adapter, Capabilities, Platform
from app.platforms.http import PlatformHttp


def _not_yet(note: str, *, owner_export: bool = False) -> Capabilities:
    return Capabilities(
        counts=False,
        batch_size=1,
        membership_pairs=False,
        membership_list=False,
        owner_export=owner_export,
        note=note,
    )


BY_HAND = "Jumlah pengikut dicatat oleh petugas; belum dibaca otomatis."
CAPABILITIES: Mapping[Platform, Capabilities] = MappingProxyType({
    Platform.BLUESKY: bluesky.BlueskyAdapter.capabilities,
    Platform.FACEBOOK: _not_yet("Tidak ada pihak yang dapat memastikan siapa yang mengikuti."),
    Platform.INSTAGRAM: _not_yet(
        "Keanggotaan dari unduhan data akun resmi. " + BY_HAND, owner_export=True
    ),
    Platform.MASTODON: _not_yet(BY_HAND),
    Platform.THREADS: _not_yet(BY_HAND),
    Platform.TIKTOK: _not_yet(BY_HAND),
    Platform.X: _not_yet(BY_HAND),
    Platform.YOUTUBE: youtube.YouTubeAdapter.capabilities,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Catalog:
    """The adapters of one process, and the connections below them."""

    adapters: Mapping[Platform, Adapter]
    clients: tuple[PlatformHttp, ...]

    async def aclose(self) -> None:
        for client in self.clients:
            await client.aclose()


def build_adapters(
    *,
    bluesky_base_url: str | None,
    youtube_base_url: str | None,
    youtube_api_key: str | None,
    clock: Clock,
) -> Catalog:
    """The adapters; without a base URL each asks its platform's own host."""
    sky = PlatformHttp(bluesky_base_url or bluesky.BASE_URL, clock=clock)
    tube = PlatformHttp(youtube_base_url or youtube.BASE_URL, clock=clock)
    return Catalog(
        {
            Platform.BLUESKY: bluesky.BlueskyAdapter(sky),
            Platform.YOUTUBE: youtube.YouTubeAdapter(tube, youtube_api_key, clock=clock),
        },
        (sky, tube),
    )
