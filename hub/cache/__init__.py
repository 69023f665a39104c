"""What is kept between requests, always bounded: in this process, or for all replicas together.

bounded   a least-recently-used map
store     the protocol of what replicas share: bytes for a time, buckets, messages
memory    its twin for one process
redis     its twin for several, the only importer of redis
fallback  the shared one, and what is done while it is away
mailbox   what a subscriber has not read yet
"""

from hub.cache.bounded import Bounded
from hub.cache.fallback import StoreWithFallback
from hub.cache.memory import MemoryStore
from hub.cache.store import MOST_VALUE, NEVER, Bucket, Charge, Level, Quota, Rate, Store, Verdict

__all__ = [
    "MOST_VALUE",
    "NEVER",
    "Bounded",
    "Bucket",
    "Charge",
    "Level",
    "MemoryStore",
    "Quota",
    "Rate",
    "Store",
    "StoreWithFallback",
    "Verdict",
    "open_store",
]


def open_store(url: str | None, *, seconds: float = 0.05, replicas: int = 1) -> Store:
    """What this process shares with others, if an address is given; otherwise a store of its own."""
    if url is None:
        return MemoryStore()
    from hub.cache.redis import RedisStore

    return StoreWithFallback(RedisStore(url, seconds=seconds), replicas)
