"""Carrying one message to an endpoint: thin, signed, to a judged address, and no further."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import orjson

from app.core.clock import Clock
from app.core.posting import Client, PostingFailed, PostingTimedOut, post_signed, posting_client
from app.platforms.addresses import Resolve, look_up
from app.platforms.base import NotSupported, Unavailable
from app.platforms.http import HostTransport
from app.webhooks.outbox import Message
from app.webhooks.rules import DeliveryTrouble, Reach, UrlRefused, checked_url

# For every step of a message, and for the whole of it; the lease of a claim is longer.
STEP_SECONDS: Final = 15.0
WHOLE_SECONDS: Final = 30.0


def written(message: Message) -> bytes:
    """The body: which kind of change of which thing, and nothing about it."""
    return orjson.dumps(
        {
            "type": message.kind,
            "timestamp": message.at.isoformat(),
            "data": {"id": str(message.change), "subject_id": str(message.subject_id)},
        }
    )


class Courier:
    """Carries messages over connections that are kept from one to the next."""

    def __init__(self, client: Client, reach: Reach, clock: Clock) -> None:
        self._client = client
        self._reach = reach
        self._clock = clock

    async def carry(self, message: Message) -> int | DeliveryTrouble:
        """Post a message; the status of the answer, or why there is none."""
        if message.secrets is None:
            return DeliveryTrouble.SECRET_UNREADABLE
        try:
            # The operator may have changed since what is allowed.
            checked_url(message.url, self._reach)
            async with asyncio.timeout(WHOLE_SECONDS):
                return await post_signed(
                    self._client,
                    message.url,
                    message.secrets,
                    str(message.id),
                    written(message),
                    at=self._clock.now(),
                )
        except (UrlRefused, NotSupported):
            return DeliveryTrouble.ADDRESS_REFUSED
        except (PostingTimedOut, TimeoutError):
            return DeliveryTrouble.TIMED_OUT
        except (PostingFailed, Unavailable):
            return DeliveryTrouble.UNREACHABLE


@asynccontextmanager
async def courier(reach: Reach, clock: Clock, resolve: Resolve = look_up) -> AsyncIterator[Courier]:
    """A courier for one endpoint's messages."""
    transport = HostTransport(resolve, private_hosts=reach.private_hosts)
    async with posting_client(STEP_SECONDS, transport) as client:
        yield Courier(client, reach, clock)
