"""The statements that judge a campaign find what the pure rules say of each person, row for row.

Each example is a campaign of ten people, each with a history of their own: 200 examples are 2,000
random histories.
"""

from collections import Counter

from hypothesis import HealthCheck, given, settings

from tests.compliance.histories import World, worlds
from tests.compliance.reference import judged
from tests.compliance.writing import found, write

PEOPLE = 10
CAMPAIGNS = 200


@settings(
    max_examples=CAMPAIGNS,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(world=worlds(PEOPLE))
async def test_the_statements_find_what_the_rules_say(
    services, government, connection, world: World
):
    start = await connection.begin_nested()
    try:
        await write(connection, government.tenant_id, world)
        async with services.database.transaction(government.tenant_id) as session:
            rows = await found(session, government.tenant_id, world.now)
    finally:
        await start.rollback()
    assert len(rows) == len(set(rows))
    told, wanted = Counter(rows), Counter(judged(world))
    assert told - wanted == Counter()
    assert wanted - told == Counter()
