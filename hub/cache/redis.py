"""The store that replicas share, in Redis (6.2 or newer, or what speaks its protocol): one primary, not a cluster.

What is asked while an answer is under way gathers, and goes out together: a busy hub asks Redis a few times
a millisecond, not once for each request. Whoever asks waits for `seconds` at the most for the batch under way, and as
long for his own.

A charge is one script, so no other replica comes in between, and its clock is that of Redis, so replicas need not agree
on the time. Buckets of one charge may have any keys, which is why a cluster will not do.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from hub.cache.mailbox import Mailbox
from hub.cache.store import NEVER, Charge, Level, Rate, Verdict, check_charges, check_key, check_value
from hub.errors import StoreUnavailable

PREFIX = "hub:"

MOST_TOGETHER = 500
"""Commands in one batch."""

_IDLE = 5.0  # seconds without a message after which a subscription asks whether somebody is there
_PAUSES = (0.05, 5.0)  # seconds before it connects again: at first, and at the most

# KEYS     the buckets
# ARGV     the time in microseconds or "", then for each bucket: what is taken, most, window, offset, whether it flows
# gives    1 or 0, then for each bucket: left, microseconds until it is full, and until there is enough, -1 for never
# A bucket is kept as "used since"; it is gone when it would be full.
_CHARGE = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local granted, used, since = 1, {}, {}
for i, key in ipairs(KEYS) do
  local at = 5 * i - 3
  local amount, most, window = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local kept = redis.call('GET', key)
  local u, s = 0, now
  if kept then
    local a, b = string.match(kept, '^(%S+) (%S+)$')
    u, s = tonumber(a), tonumber(b)
  end
  if ARGV[at + 4] == '1' then
    u = math.max(0, u - math.max(0, now - s) * most / window)
    s = now
  else
    local begin = now - (now - tonumber(ARGV[at + 3])) % window
    if s ~= begin then u = 0 end
    s = begin
  end
  if u + amount > most then granted = 0 end
  used[i], since[i] = u, s
end
local answer = {granted}
for i, key in ipairs(KEYS) do
  local at = 5 * i - 3
  local amount, most, window = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local u = used[i]
  if granted == 1 then u = u + amount end
  local resets, waits
  if ARGV[at + 4] == '1' then
    resets = u * window / most
    waits = (u + amount - most) * window / most
  else
    resets = since[i] + window - now
    waits = resets
  end
  if granted == 1 or u + amount <= most then
    waits = 0
  elseif amount > most then
    waits = -1
  end
  if granted == 1 and u > 0 then
    local text = string.format('%.17g %.17g', u, since[i])
    redis.call('SET', key, text, 'PX', string.format('%d', math.max(1, math.ceil(resets / 1000))))
  end
  for _, number in ipairs({most - u, resets, waits}) do
    answer[#answer + 1] = string.format('%.17g', number)
  end
end
return answer
"""
_CHARGE_ID = hashlib.sha1(_CHARGE.encode(), usedforsecurity=False).hexdigest()

_Command = tuple[str | bytes | int, ...]


class RedisStore:
    """`url` is redis://, rediss:// or unix://; `seconds` is what one answer may take.

    clock  seconds since 1970, for tests; without it charges go by the clock of Redis
    """

    __slots__ = ("_client", "_clock", "_drain", "_seconds", "_waiting")

    def __init__(self, url: str, *, seconds: float = 0.05, clock: Callable[[], float] | None = None) -> None:
        # Nothing is tried again here: whoever asks has something better to do than to wait.
        self._client = Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=None, protocol=2)
        self._seconds = seconds
        self._clock = clock
        self._waiting: list[tuple[_Command, asyncio.Future[Any]]] = []
        self._drain: asyncio.Task[None] | None = None

    async def get(self, key: str) -> bytes | None:
        found: bytes | None = await self._ask("GET", PREFIX + check_key(key))
        return found

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        kept = max(1, round(seconds * 1000))
        await self._ask("SET", PREFIX + check_key(key), check_value(value), "PX", kept)

    async def charge(self, charges: Sequence[Charge]) -> Verdict:
        if not check_charges(charges):
            return Verdict(granted=True, levels=())
        now = "" if self._clock is None else _microseconds(self._clock())
        keys = [PREFIX + charge.bucket.key for charge in charges]
        numbers = [number for charge in charges for number in _numbers(charge)]
        granted, *found = await self._ask("EVALSHA", _CHARGE_ID, len(keys), *keys, now, *numbers)
        values = [float(text) for text in found]
        levels = [
            Level(left, resets / 1_000_000, NEVER if waits < 0 else waits / 1_000_000)
            for left, resets, waits in zip(values[::3], values[1::3], values[2::3], strict=True)
        ]
        return Verdict(granted == 1, tuple(levels))

    async def publish(self, channel: str, message: bytes) -> None:
        await self._ask("PUBLISH", PREFIX + check_key(channel), check_value(message))

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[AsyncIterator[bytes | None]]:
        box, begun = Mailbox(), asyncio.Event()
        listener = asyncio.create_task(self._listen(PREFIX + check_key(channel), box, begun))
        try:
            await begun.wait()
            yield box
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)

    async def ready(self) -> bool:
        try:
            await self._ask("PING")
        except StoreUnavailable:
            return False
        return True

    async def close(self) -> None:
        if self._drain is not None:
            self._drain.cancel()
            await asyncio.gather(self._drain, return_exceptions=True)
        self._fail(self._waiting, StoreUnavailable("it is closed"))
        await self._client.aclose()

    async def _ask(self, *command: str | bytes | int) -> Any:
        """The answer to one command, or `StoreUnavailable`."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((command, future))
        if self._drain is None:
            self._drain = asyncio.create_task(self._ask_what_waits())
        return await future

    async def _ask_what_waits(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
                try:
                    async with asyncio.timeout(self._seconds):
                        answers = await self._answers([command for command, _ in batch])
                except (RedisError, OSError) as error:
                    # Those behind would wait as long for the same.
                    late, self._waiting = self._waiting, []
                    self._fail([*batch, *late], error)
                    await self._client.connection_pool.disconnect(inuse_connections=False)
                    continue
                except BaseException as error:
                    self._fail(batch, error)
                    raise
                for (_, future), answer in zip(batch, answers, strict=True):
                    if future.done():
                        continue
                    if isinstance(answer, RedisError):
                        future.set_exception(_unavailable(answer))
                    else:
                        future.set_result(answer)
        finally:
            self._drain = None

    async def _answers(self, commands: Sequence[_Command]) -> list[Any]:
        """An answer or an error for each command. Redis forgets scripts when it starts anew, so they are told again."""
        answers = await self._sent(commands)
        forgotten = [index for index, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if forgotten:
            _, *again = await self._sent([("SCRIPT LOAD", _CHARGE), *(commands[index] for index in forgotten)])
            for index, answer in zip(forgotten, again, strict=True):
                answers[index] = answer
        return answers

    async def _sent(self, commands: Sequence[_Command]) -> list[Any]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            return await pipeline.execute(raise_on_error=False)

    @staticmethod
    def _fail(asked: Sequence[tuple[_Command, asyncio.Future[Any]]], error: BaseException) -> None:
        for _, future in asked:
            if not future.done():
                future.set_exception(_unavailable(error))

    async def _listen(self, channel: str, box: Mailbox, begun: asyncio.Event) -> None:
        """Hears a channel, over one connection after the other."""
        pause = _PAUSES[0]
        while True:
            pubsub = self._client.pubsub()
            asked = False
            try:
                async with asyncio.timeout(_IDLE):
                    await pubsub.subscribe(channel)
                while True:
                    message = await pubsub.get_message(timeout=_IDLE)
                    if message is None:
                        if asked:
                            break
                        await pubsub.ping()
                        asked = True
                        continue
                    asked = False
                    if message["type"] == "message":
                        box.put(message["data"])
                    elif message["type"] == "subscribe":
                        if begun.is_set():
                            box.put(None)
                        begun.set()
                        pause = _PAUSES[0]
            except (RedisError, OSError):
                pass  # the store says so to whoever asks it; a subscriber waits
            finally:
                await pubsub.aclose()  # type: ignore[no-untyped-call]
            # Whoever begins while it is away learns later that he may have missed something.
            begun.set()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _PAUSES[1])


def _unavailable(error: BaseException) -> StoreUnavailable:
    if isinstance(error, StoreUnavailable):
        return error
    found = StoreUnavailable(f"the shared store does not answer: {type(error).__name__}")
    found.__cause__ = error
    return found


def _numbers(charge: Charge) -> tuple[int, int, int, int, int]:
    bucket = charge.bucket
    flows = isinstance(bucket, Rate)
    offset = 0 if isinstance(bucket, Rate) else _microseconds(bucket.offset)
    return charge.amount, bucket.most, _microseconds(bucket.seconds), offset, int(flows)


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)
