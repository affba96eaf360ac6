"""Schema migrations, and bringing a database up to date with them."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.core.crypto import RegistryKeys
from app.core.db import async_url

HERE = Path(__file__).parent


def alembic_config(url: str) -> Config:
    """Alembic's configuration for one database; nothing is read from a file."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["url"] = async_url(url)
    return config


def head_revision() -> str:
    """The revision that this version of the code needs."""
    head = ScriptDirectory(str(HERE)).get_current_head()
    assert head is not None
    return head


async def migrate(
    url: str, revision: str = "head", *, registry: RegistryKeys | None = None
) -> None:
    """Bring the database at `url`, reached as its owner, to a revision.

    `registry` hides NIPs that an older release has stored as they are.
    """
    config = alembic_config(url)
    config.attributes["registry"] = registry
    # Alembic drives its own event loop, so it runs in a thread of its own.
    await asyncio.to_thread(command.upgrade, config, revision)
