"""Provisional."""

from app.platforms.base import Capabilities, Platform

CAPABILITIES = {
    p: Capabilities(
        counts=p in (Platform.BLUESKY, Platform.YOUTUBE),
        batch_size=25,
        membership_pairs=False,
        membership_list=False,
        owner_export=p is Platform.INSTAGRAM,
        note="",
    )
    for p in Platform
}
