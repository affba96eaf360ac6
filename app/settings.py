"""Everything the environment may say, read once at start; README lists each name."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class DatabaseNotNamed(SystemExit):
    """No database is named: set SIMEDSOS_DATABASE_URL, or use `simedsos up`."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class Settings(BaseSettings):
    """Environment variables with the prefix SIMEDSOS_."""

    model_config = SettingsConfigDict(env_prefix="SIMEDSOS_", extra="ignore")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    data_dir: Path = Path(".data")
    database_url: SecretStr | None = None
    owner_database_url: SecretStr | None = None
    log_level: str = "INFO"

    # Where the ends of the audit chains are written down every hour; best on another machine.
    audit_anchor_file: Path | None = None
    # Who has left is erased after so many days; none: an officer decides for each person.
    # So long after its end a campaign keeps its numbers, and nobody's verdict; none: all stay.
    retention_campaign_days: Annotated[int | None, Field(ge=1)] = None
    retention_left_days: Annotated[int | None, Field(ge=1)] = None
    # Requests a minute, and exports an hour, in each process; 0: no limit. A guess is a token that
    # is none.
    rate_limit_client: Annotated[int, Field(ge=0)] = 6000
    rate_limit_tenant: Annotated[int, Field(ge=0)] = 30_000
    rate_limit_exports: Annotated[int, Field(ge=0)] = 120
    rate_limit_guesses: Annotated[int, Field(ge=0)] = 60
    rate_limit_visits: Annotated[int, Field(ge=0)] = 120
    request_seconds: Annotated[int, Field(ge=1)] = 60
    upload_seconds: Annotated[int, Field(ge=1)] = 600
    max_upload_bytes: Annotated[int, Field(ge=1024)] = 256 * 1024 * 1024
    poll_interval_seconds: Annotated[int, Field(ge=10)] = 300
    worker_metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    worker_metrics_host: str = "127.0.0.1"
    # A file that workers and schedulers touch while their loop turns; `python -m workers.alive`.
    heartbeat_file: Path | None = None
    # What a scraper must show at the API's /metrics; none: whoever reaches it may read it.
    metrics_token: SecretStr | None = None

    # Where browsers reach the service; platforms send them back there after a consent.
    public_url: str | None = None
    # name:base64 of 32 bytes, parted by commas; the first one seals, every one opens.
    token_keys: SecretStr | None = None
    # The same for NIPs, and 32 bytes in base64 by which equal NIPs are found; both, or no NIPs.
    registry_keys: SecretStr | None = None
    lookup_key: SecretStr | None = None
    meta_client_id: str | None = None
    meta_client_secret: SecretStr | None = None
    meta_oauth_base_url: str | None = None
    threads_client_id: str | None = None
    threads_client_secret: SecretStr | None = None
    threads_oauth_base_url: str | None = None
    tiktok_client_id: str | None = None
    tiktok_client_secret: SecretStr | None = None
    tiktok_oauth_base_url: str | None = None
    x_client_id: str | None = None
    x_client_secret: SecretStr | None = None
    x_oauth_base_url: str | None = None
    youtube_client_id: str | None = None
    youtube_client_secret: SecretStr | None = None
    youtube_oauth_base_url: str | None = None

    # The government's own OpenID provider: complete, or not at all. The client is for browsers.
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_tenant: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    # Under which claims it tells roles, the code of the unit, and the NIP; a dot goes a level down.
    oidc_roles_claim: str = "simedsos_roles"
    oidc_unit_claim: str = "simedsos_unit"
    oidc_nip_claim: str = "nip"
    session_idle_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    session_hours: Annotated[int, Field(ge=1, le=168)] = 12

    # Reminders by e-mail: off while no host is set.
    smtp_host: str | None = None
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_sender: str | None = None
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    # Reminders by a gateway, such as one to WhatsApp: off while no address is set.
    reminder_webhook_url: SecretStr | None = None
    reminder_webhook_secret: SecretStr | None = None
    # Changes are posted by https to public hosts; beside them, to these hosts of an own network.
    webhook_private_hosts: str = ""
    webhook_http: bool = False

    # SIASN of BKN, against which the registry is compared: off while no key is set.
    siasn_base_url: str | None = None
    siasn_token_url: str | None = None
    siasn_consumer_key: SecretStr | None = None
    siasn_consumer_secret: SecretStr | None = None
    siasn_sso_token: SecretStr | None = None

    # What only the operator knows of the published statistics: answered as null while not stated.
    metadata_producer: str | None = None
    metadata_walidata: str | None = None
    metadata_contact: str | None = None
    metadata_licence: str | None = None
    metadata_area: str | None = None

    # What platforms have granted otherwise, such as `youtube=50000`: units per their own window.
    budgets: str = ""
    # Names of platforms whose public pages may be read, parted by commas.
    public_pages: str = ""
    bluesky_base_url: str | None = None
    bluesky_page_base_url: str | None = None
    facebook_base_url: str | None = None
    facebook_page_base_url: str | None = None
    facebook_access_token: SecretStr | None = None
    instagram_base_url: str | None = None
    instagram_page_base_url: str | None = None
    instagram_access_token: SecretStr | None = None
    instagram_user_id: SecretStr | None = None
    mastodon_base_url: str | None = None
    mastodon_page_base_url: str | None = None
    threads_base_url: str | None = None
    threads_page_base_url: str | None = None
    threads_access_token: SecretStr | None = None
    tiktok_base_url: str | None = None
    tiktok_page_base_url: str | None = None
    x_base_url: str | None = None
    x_page_base_url: str | None = None
    x_bearer_token: SecretStr | None = None
    youtube_base_url: str | None = None
    youtube_page_base_url: str | None = None
    youtube_api_key: SecretStr | None = None

    @model_validator(mode="after")
    def provider_is_complete(self) -> Self:
        """Refuse half a provider, which would let in whom nobody has thought of."""
        needed = ("oidc_audience", "oidc_tenant")
        lacking = [f"SIMEDSOS_{name.upper()}" for name in needed if getattr(self, name) is None]
        if self.oidc_issuer is not None and lacking:
            message = f"SIMEDSOS_OIDC_ISSUER needs {' and '.join(lacking)}, too"
            raise ValueError(message)
        return self

    def public_address(self) -> str:
        """Where browsers reach the service, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def required_database_url(self) -> str:
        """The address that the service's processes connect to.

        Raises:
            DatabaseNotNamed: none is set.
        """
        if self.database_url is None:
            raise DatabaseNotNamed
        return self.database_url.get_secret_value()

    def required_owner_url(self) -> str:
        """The address that migrations connect to; the same one unless another is set.

        Raises:
            DatabaseNotNamed: none is set.
        """
        if self.owner_database_url is not None:
            return self.owner_database_url.get_secret_value()
        return self.required_database_url()

    def callback_url(self) -> str:
        """Where platforms send a browser back to; it is registered with each app."""
        return f"{self.public_address()}/v1/connections/callback"


class SecretsFolderMissing(SystemExit):
    """SIMEDSOS_SECRETS_DIR names no folder: mount it, or take the variable away."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def settings_from(secrets_folder: str | None) -> Settings:
    """Settings of the environment, and of files such as `simedsos_token_keys` in a folder.

    Raises:
        SecretsFolderMissing: there is no such folder.
    """
    if secrets_folder is not None and not Path(secrets_folder).is_dir():
        raise SecretsFolderMissing
    return Settings(_secrets_dir=secrets_folder)


@lru_cache
def get_settings() -> Settings:
    """The process's settings; tests build their own instead."""
    return settings_from(os.environ.get("SIMEDSOS_SECRETS_DIR"))
