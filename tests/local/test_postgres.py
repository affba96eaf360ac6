"""The embedded server: data kept, killed and recovered, taken folders told."""

import asyncpg
import pytest

from app.local.postgres import KeptPostgres, PostgresUnusable, start


async def run(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_data_are_kept_over_a_stop_and_over_a_kill(tmp_path):
    folder = tmp_path / "data" / "postgres"
    first = start(folder)
    try:
        assert await run(first.owner_url, "SHOW fsync") == "on"
        await run(first.owner_url, "CREATE TABLE kept AS SELECT 1 AS n")
    finally:
        first.stop()
    second = start(folder)
    await run(second.owner_url, "INSERT INTO kept VALUES (2)")
    second.process.kill()
    second.process.wait()
    third = start(folder)
    try:
        assert await run(third.owner_url, "SELECT sum(n) FROM kept") == 3
    finally:
        third.stop()
    assert not third.socket_folder.exists()


def test_a_folder_in_use_is_named(tmp_path):
    folder = tmp_path / "postgres"
    first = start(folder, durable=False)
    try:
        with pytest.raises(PostgresUnusable, match=r"in use.*SIMEDSOS_DATA_DIR"):
            start(folder, durable=False)
    finally:
        first.stop()


def test_a_folder_of_another_version_is_named(tmp_path):
    folder = tmp_path / "postgres"
    start(folder, durable=False).stop()
    (folder / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresUnusable, match="made by PostgreSQL 9"):
        start(folder)


DOUBLED = "CREATE TABLE held AS SELECT '198001012005011001' AS nip FROM generate_series(1, 2)"


async def test_the_log_quotes_no_row(tmp_path):
    server = start(tmp_path / "postgres", durable=False)
    try:
        await run(server.owner_url, DOUBLED)
        with pytest.raises(asyncpg.UniqueViolationError, match="held_nip"):
            await run(server.owner_url, "CREATE UNIQUE INDEX held_nip ON held (nip)")
    finally:
        server.stop()
    log = (tmp_path / "postgres.log").read_text()
    assert "held_nip" in log
    assert "198001012005011001" not in log


def test_the_password_is_private(tmp_path):
    start(tmp_path / "postgres", durable=False).stop()
    assert (tmp_path / "postgres.password").stat().st_mode & 0o777 == 0o600


async def test_a_server_that_has_died_is_started_again_where_it_was(tmp_path):
    kept = KeptPostgres(tmp_path / "server")
    try:
        url = kept.running.owner_url
        assert not kept.keep()
        kept.running.process.kill()
        kept.running.process.wait()
        assert kept.keep()
        assert kept.running.owner_url == url
        assert await run(url, "SELECT 1") == 1
    finally:
        kept.stop()
