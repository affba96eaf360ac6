"""Saying in one line why the database cannot be used, and how to mend it."""

import asyncpg
from sqlalchemy.exc import ArgumentError, DBAPIError

from app.core.db import plain_url

PATIENCE_SECONDS = 10
# An address is never quoted, since it holds a password. The first line that fits is said.
REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "it refuses this user or password; correct SIMEDSOS_DATABASE_URL.",
    ),
    (
        asyncpg.InvalidCatalogNameError,
        "its server has no database of this name; create it, or correct SIMEDSOS_DATABASE_URL.",
    ),
    (asyncpg.CannotConnectNowError, "it is starting or stopping; try again shortly."),
    (
        asyncpg.TooManyConnectionsError,
        "it has no free connection; raise its max_connections, or stop other programs.",
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        "its user may not do this; grant it the roles simedsos_app and simedsos_system.",
    ),
    (asyncpg.UndefinedTableError, "it has no schema of ours yet; run `simedsos migrate`."),
    (
        OSError,
        "nobody answers at its address; start it, or correct SIMEDSOS_DATABASE_URL.",
    ),
    (
        asyncpg.ConnectionDoesNotExistError,
        "it has ended the connection; see its own log, and try again.",
    ),
    (
        ArgumentError,
        "SIMEDSOS_DATABASE_URL is no address; write postgresql://USER:PASSWORD@HOST/NAME.",
    ),
    (
        ValueError,
        "SIMEDSOS_DATABASE_URL is no address; write postgresql://USER:PASSWORD@HOST/NAME.",
    ),
)


class DatabaseUnreachable(Exception):
    """The database cannot be used."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The database cannot be used: {reason}")


def why(error: BaseException) -> str:
    """What is wrong and what to do."""
    # SQLAlchemy wraps the driver's error, and its own wrapper wraps it once more.
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig.__cause__ or error.orig
    for kind, reason in REASONS:
        if isinstance(error, kind):
            return reason
    return f"it answers with an error ({type(error).__name__}); see its own log."


async def reach(url: str) -> None:
    """Make sure that the database answers.

    Raises:
        DatabaseUnreachable: it does not; the message says why and how to mend it.
    """
    try:
        connection = await asyncpg.connect(plain_url(url), timeout=PATIENCE_SECONDS)
        await connection.close()
    except (
        ArgumentError, ValueError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError,
    ) as error:  # fmt: skip
        raise DatabaseUnreachable(why(error)) from error
