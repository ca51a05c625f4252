"""A running service for stories of many people."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.clock import Clock
from app.mail.senders import MemorySender
from app.settings import Settings
from tests.support.hash_pools import quick_hashes
from tests.support.recovery import Post, posting


@asynccontextmanager
async def quick_post(settings: Settings, clock: Clock) -> AsyncIterator[Post]:
    """Its mails can be read, every answer is held against its specification, and a hash costs next to nothing."""
    sender = MemorySender()
    async with posting(settings, clock, sender) as server:
        server.http.event_hooks = server.at("192.0.2.1").event_hooks
        with quick_hashes(server):
            yield Post(server, sender.messages)
