"""How an adapter reaches its platform: addresses, keys, budget, and the clients it has opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.clock import Clock
from app.platforms.base import CredentialsBad, Platform
from app.platforms.http import Gate, PlatformHttp, Transport
from app.settings import Settings

KEYS = ("access_token", "api_key", "bearer_token", "user_id")


@dataclass(frozen=True, slots=True)
class Access:
    """What one process knows about reaching one platform.

    `keys` holds the app's credentials by the end of their setting's name (`api_key`). Public
    pages are read only where an operator has switched them on (`pages_allowed`).
    """

    platform: Platform
    clock: Clock
    base_url: str | None = None
    page_base_url: str | None = None
    pages_allowed: bool = False
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    gate: Gate | None = None
    transport: Transport | None = None
    deadline_seconds: float = 20.0
    max_bytes: int = 2 * 1024 * 1024
    clients: list[PlatformHttp] = field(default_factory=list, repr=False)

    def http(self, host: str) -> PlatformHttp:
        """A client of the platform's API, at its own host unless the settings name another."""
        return self._client(self.base_url or host)

    def pages(self, host: str) -> PlatformHttp | None:
        """A client of the platform's public pages, or None where they are switched off."""
        return self._client(self.page_base_url or host) if self.pages_allowed else None

    def key(self, name: str) -> str:
        """A credential of the app.

        Raises:
            CredentialsBad: it is not set; the error names the setting.
        """
        value = self.keys.get(name)
        if value is None:
            raise CredentialsBad(f"SIMEDSOS_{self.platform.upper()}_{name.upper()} is not set")
        return value

    def _client(self, base_url: str) -> PlatformHttp:
        client = PlatformHttp(
            self.platform,
            base_url,
            clock=self.clock,
            gate=self.gate,
            transport=self.transport,
            deadline_seconds=self.deadline_seconds,
            max_bytes=self.max_bytes,
        )
        self.clients.append(client)
        return client

    async def aclose(self) -> None:
        for client in self.clients:
            await client.aclose()


def access_from(
    settings: Settings, platform: Platform, clock: Clock, gate: Gate | None = None
) -> Access:
    """The access to a platform that the settings describe."""
    found = {name: getattr(settings, f"{platform}_{name}", None) for name in KEYS}
    allowed = {name.strip().lower() for name in settings.public_pages.split(",")}
    return Access(
        platform,
        clock,
        base_url=getattr(settings, f"{platform}_base_url"),
        page_base_url=getattr(settings, f"{platform}_page_base_url"),
        pages_allowed=platform.value in allowed,
        keys={name: key.get_secret_value() for name, key in found.items() if key is not None},
        gate=gate,
    )
