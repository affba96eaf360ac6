"""A platform that tells handles only cannot show that somebody goes by another one today."""

import pytest

from tests.api.exports import export
from tests.api.test_compliance import (  # noqa: F401 - Fixtures of the main job.
    CITIZENS,
    FIRST,
    LONG_AGO,
    SECOND,
    account,
    judge,
    make_campaign,
    registry,
    upload,
    verdicts_of,
)
from tests.api.test_growth import read_count


@pytest.mark.xfail(
    strict=True, reason="absence of a handle that no check has confirmed counts as absence"
)
async def test_a_follower_under_a_new_handle_is_not_accused(
    api,
    services,
    government,
    registry,  # noqa: F811
    account,  # noqa: F811
):
    """Found by the simulation with nobody hidden: the third employee follows, renamed."""
    campaign = await make_campaign(api, account)
    for number, moment in enumerate((FIRST, SECOND)):
        followers = [("tiga_dengan_nama_baru", LONG_AGO), *CITIZENS[number:]]
        await read_count(api, account, moment, followers=len(followers))
        answer = await upload(api, account, export(followers), moment)
        assert answer.json()["certificate"]["verdict"] == "complete"
    await judge(services, government, campaign)
    assert (await verdicts_of(api, registry["3"]))["follow"]["verdict"] != "unmet"
