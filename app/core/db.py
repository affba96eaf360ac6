"""The database: engine, the one place that commits, and the walls around each tenant.

Every transaction takes a role that owns nothing and cannot bypass row security:
`simedsos_app` inside one tenant, `simedsos_system` for coordination tables without personal data.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Enum,
    ForeignKey,
    MetaData,
    Uuid,
    any_,
    literal,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.core.clock import Clock, SystemClock
from app.core.crypto import RegistryKeys

CONNECT_SECONDS = 10
GLANCES = 2
LAST_ACTS = "simedsos.last_acts"
LOOKS_BACK = "simedsos.looks_back"
REGISTRY = "simedsos.registry"
# Transactions that took longer are written down, so that nobody looks back into the midst of one.
LONG = timedelta(milliseconds=20)
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table; column types follow the annotations."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this attribute of the class.
        datetime: DateTime(timezone=True),
        UUID: Uuid(as_uuid=True),
    }


class TenantRow:
    """A row of one tenant; the tenant leads every key, so a reference cannot leave it."""

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id"), primary_key=True, sort_order=-1
    )


class Known:
    """A row that stands as it does since `known_from`; triggers keep what it was before.

    Schema `as_known` shows such tables, under their own names, as they were known at a moment.
    """

    known_from: Mapped[datetime] = mapped_column(
        server_default=text("present_moment()"), sort_order=1, deferred=True
    )


class KnownRow(Known, TenantRow):
    """A row of one tenant whose past is kept."""


def closed_set(values: type[StrEnum], name: str) -> Enum:
    """A text column whose values are a closed set, held by a constraint of that name."""
    return Enum(
        values,
        native_enum=False,
        length=40,
        create_constraint=True,
        name=name,
        values_callable=lambda members: [member.value for member in members],
    )


def among(column: Any, ids: Iterable[UUID]) -> ColumnElement[bool]:
    """The condition that a column is one of some ids: one parameter, however many there are."""
    condition: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(Uuid(as_uuid=True))))
    return condition


def async_url(url: str) -> str:
    """The same database for the asyncpg driver, whatever driver the address names."""
    return (
        make_url(url)
        .set(drivername="postgresql+asyncpg")
        .render_as_string(
            hide_password=False,
        )
    )


def plain_url(url: str) -> str:
    """The same database as a plain postgresql:// address, for asyncpg itself."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def make_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """An engine whose connections are checked before use, since PostgreSQL may restart."""
    return create_async_engine(
        async_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_SECONDS, "server_settings": {"jit": "off"}},
    )


# A temporary table never stands before one of ours, unless a question about the past asks for it.
ENTER = text("""
SELECT set_config('role', :role, true), set_config('simedsos.tenant_id', :tenant, true),
       set_config('simedsos.now', :now, true), set_config('search_path', 'public, pg_temp', true)
""")

# A plan that is made without the values expects few rows of a past, and compares each with every
# other where there are many.
LOOK_BACK = text("""
SELECT set_config('simedsos.known_at', :known_at, true),
       set_config('simedsos.valid_at', :valid_at, true),
       set_config('simedsos.unfinished', COALESCE((
           SELECT CAST(array_agg(began_at) AS text) FROM public.long_transactions
           WHERE tenant_id = CAST(current_setting('simedsos.tenant_id') AS uuid)
             AND began_at <= CAST(:known_at AS timestamptz)
             AND began_at > CAST(:known_at AS timestamptz) - interval '1 day'
             AND ended_at > CAST(:known_at AS timestamptz)), '{}'), true),
       set_config('search_path', :search_path, true),
       set_config('plan_cache_mode', 'force_custom_plan', true)
""")


# A transaction that has written nothing has no number.
FINISHED = text("""
INSERT INTO public.long_transactions (tenant_id, began_at, ended_at)
SELECT :tenant_id, :began_at, :ended_at WHERE pg_current_xact_id_if_assigned() IS NOT NULL
ON CONFLICT DO NOTHING
""")


async def look_back(
    session: AsyncSession, known_at: datetime, valid_at: datetime | None = None
) -> None:
    """Show the rest of the transaction every table that answers read as it was known at a moment.

    What a transaction had begun to write then, and finished later, was not known yet.
    With `valid_at`, facts of later dates are left out, and what has no date is as it was recorded
    by then. What the session has read of the present is forgotten; nothing can be written but by
    the last acts of the transaction, which are of the present.
    """
    session.expunge_all()
    session.info[LOOKS_BACK] = True
    await session.execute(
        LOOK_BACK,
        {
            "known_at": known_at.isoformat(),
            "valid_at": valid_at.isoformat() if valid_at else "",
            # Without the schema of the present: a table of which no past is kept cannot be read by
            # mistake, and the question fails.
            "search_path": "as_known, pg_temp",
        },
    )


async def put_first_what_is_temporary(session: AsyncSession) -> None:
    """Let a temporary table stand for one of the past that bears its name."""
    await session.execute(text("SET LOCAL search_path TO pg_temp, as_known"))


def do_last(session: AsyncSession, name: str, act: Callable[[], Awaitable[None]]) -> None:
    """Have `act` done when all else of the transaction is done, once for each name."""
    session.info.setdefault(LAST_ACTS, {})[name] = act


async def _finish(session: AsyncSession) -> None:
    acts = session.info.pop(LAST_ACTS, {}).values()
    if acts and session.info.pop(LOOKS_BACK, False):
        await session.execute(text("SET LOCAL search_path TO public, pg_temp"))
    for act in acts:
        await act()


async def _leave(_: object) -> None:
    """A glance is one statement that reads, so it leaves nothing to be reset."""


class Database:
    """Hands out transactions; nothing else begins or commits one."""

    def __init__(
        self,
        bind: AsyncEngine | AsyncConnection,
        clock: Clock | None = None,
        registry: RegistryKeys | None = None,
    ) -> None:
        # A connection as bind keeps everything in its owner's transaction, behind savepoints.
        self.bind = bind
        self.clock = clock or SystemClock()
        self._registry = registry
        self._sessions = async_sessionmaker(
            bind=bind, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        self._glances: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self, tenant_id: UUID) -> AsyncIterator[AsyncSession]:
        """One transaction inside one tenant; commits when the block ends without an error."""
        async with self._sessions() as session, session.begin():
            session.info[REGISTRY] = self._registry
            began_at = await self._enter(session, "simedsos_app", str(tenant_id))
            yield session
            await _finish(session)
            ended_at = self.clock.now()
            if ended_at - began_at > LONG:
                span = {"tenant_id": tenant_id, "began_at": began_at, "ended_at": ended_at}
                await session.execute(FINISHED, span)

    @asynccontextmanager
    async def system(self) -> AsyncIterator[AsyncSession]:
        """One transaction over the coordination tables of all tenants."""
        async with self._sessions() as session, session.begin():
            await self._enter(session, "simedsos_system", "")
            yield session

    async def _enter(self, session: AsyncSession, role: str, tenant: str) -> datetime:
        now = self.clock.now()
        await session.execute(ENTER, {"role": role, "tenant": tenant, "now": now.isoformat()})
        return now

    async def glance(self, statement: str, *arguments: object) -> Any:
        """One row of the coordination tables, by the driver itself and in a single round trip.

        A statement of its own needs no transaction, and the connection bears its role from the
        start, so a hot path can ask the database at a tenth of a transaction's cost.
        """
        if isinstance(self.bind, AsyncConnection):
            async with self.system() as session:
                return await (await driver_connection(session)).fetchrow(statement, *arguments)
        async with self._opening:
            if self._glances is None:
                self._glances = await asyncpg.create_pool(
                    plain_url(self.bind.url.render_as_string(hide_password=False)),
                    min_size=1,
                    max_size=GLANCES,
                    timeout=CONNECT_SECONDS,
                    server_settings={"role": "simedsos_system"},
                    reset=_leave,
                )
        return await self._glances.fetchrow(statement, *arguments)

    async def aclose(self) -> None:
        """Let every connection go."""
        if self._glances is not None:
            await self._glances.close()
        if isinstance(self.bind, AsyncEngine):
            await self.bind.dispose()


@asynccontextmanager
async def over_whole_tables(session: AsyncSession) -> AsyncIterator[None]:
    """Plan the statements of the block as joins of whole tables.

    Just after a first import the statistics still say that the registry is empty; a planner that
    believes them compares every row with every other, which takes minutes.
    """
    await session.execute(text("SET LOCAL enable_nestloop = off"))
    yield
    await session.execute(text("SET LOCAL enable_nestloop = on"))


async def driver_connection(session: AsyncSession) -> Any:
    """The asyncpg connection below a session, in its transaction; for COPY and hot reads."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    return raw.driver_connection
