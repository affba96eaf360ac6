"""How Alembic reaches the database: asynchronously, one transaction for each migration."""

import asyncio

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.db import Base, async_url
from app.models import TABLES
from app.settings import get_settings


def include_name(name: str | None, type_: str, _: object) -> bool:
    """Compare our own tables only: the queue's belong to pgqueuer."""
    return type_ != "table" or name in TABLES


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=include_name,
        transaction_per_migration=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def database_url() -> str:
    """The address given by the caller, or by the environment for Alembic's own command."""
    given: str | None = context.config.attributes.get("url")
    if given:
        return given
    return async_url(get_settings().required_owner_url())


async def main() -> None:
    engine = create_async_engine(database_url())
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
            await connection.commit()
    finally:
        await engine.dispose()


def write_script() -> None:
    """Print the SQL instead of running it, for review and linting."""
    context.configure(
        dialect_name="postgresql", target_metadata=Base.metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    write_script()
else:
    asyncio.run(main())
