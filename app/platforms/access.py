"""How an adapter reaches its platform: addresses, keys, budget, and the clients it has opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.core.clock import Clock
from app.platforms.addresses import Resolve, checked_host, look_up
from app.platforms.base import CredentialsBad, Platform
from app.platforms.http import Gate, HostTransport, PlatformHttp, Transport
from app.settings import Settings

KEYS = ("access_token", "api_key", "bearer_token", "user_id")


@dataclass(frozen=True, slots=True)
class Access:
    """What one process knows about reaching one platform.

    `keys` holds the app's credentials by the end of their setting's name (`api_key`). Public
    pages are read only where an operator has switched them on (`pages_allowed`). For platforms
    of many servers `base_url` is a template, in which `{host}` stands for the server's name; only
    where it leads to one server of the operator's own may that server stand anywhere.
    """

    platform: Platform
    clock: Clock
    base_url: str | None = None
    page_base_url: str | None = None
    pages_allowed: bool = False
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    gate: Gate | None = None
    transport: Transport | None = None
    resolve: Resolve = look_up
    deadline_seconds: float = 20.0
    max_bytes: int = 2 * 1024 * 1024
    clients: list[PlatformHttp] = field(default_factory=list, repr=False)
    host_transports: list[HostTransport] = field(default_factory=list, repr=False)

    def http(self, host: str) -> PlatformHttp:
        """A client of the platform's API, at its own host unless the settings name another."""
        return self._client(self.base_url or host)

    def pages(self, host: str) -> PlatformHttp | None:
        """A client of the platform's public pages, or None where they are switched off."""
        return self._client(self.page_base_url or host) if self.pages_allowed else None

    def at(self, host: str) -> PlatformHttp:
        """A client of a host that a person chose, reached only if it is on the public internet.

        It is cheap to make and need not be kept or closed: all of them share one bounded pool of
        connections, which `aclose` closes. The host is asked for by its digest's own budget.

        Raises:
            NotSupported: it is no public name; the look-up itself happens with the first request.
        """
        name = checked_host(host)
        template = self.base_url or "https://{host}"
        return PlatformHttp(
            self.platform,
            template.replace("{host}", name),
            clock=self.clock,
            gate=self.gate,
            transport=self.transport or self._host_transport(),
            deadline_seconds=self.deadline_seconds,
            max_bytes=self.max_bytes,
            host=name,
        )

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

    def _host_transport(self) -> HostTransport:
        # Made once it is needed, since reading the machine's certificates takes a while.
        if not self.host_transports:
            authority = urlsplit(self.base_url or "https://{host}").netloc
            chosen = "{host}" in authority
            self.host_transports.append(HostTransport(self.resolve if chosen else None))
        return self.host_transports[0]

    async def aclose(self) -> None:
        for client in self.clients:
            await client.aclose()
        for transport in self.host_transports:
            await transport.aclose()


def access_from(
    settings: Settings, platform: Platform, clock: Clock, gate: Gate | None = None
) -> Access:
    """The access to a platform that the settings describe."""
    found = {name: getattr(settings, f"{platform}_{name}", None) for name in KEYS}
    return Access(
        platform,
        clock,
        base_url=getattr(settings, f"{platform}_base_url"),
        page_base_url=getattr(settings, f"{platform}_page_base_url"),
        pages_allowed=pages_allowed(settings, platform),
        keys={name: key.get_secret_value() for name, key in found.items() if key is not None},
        gate=gate,
    )


def pages_allowed(settings: Settings, platform: Platform) -> bool:
    """Whether an operator has switched the platform's public pages on."""
    return platform.value in {name.strip().lower() for name in settings.public_pages.split(",")}


def missing_settings(settings: Settings, platform: Platform) -> list[str]:
    """The names of the platform's keys that are not set; never a value."""
    return [
        f"SIMEDSOS_{platform.upper()}_{name.upper()}"
        for name in KEYS
        if getattr(settings, f"{platform}_{name}", "") is None
    ]
