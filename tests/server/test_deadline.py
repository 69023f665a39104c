"""The deadline of requests: what takes too long ends, nothing else does."""

from __future__ import annotations

import asyncio
import time

import pytest

from hub.server.deadline import Deadline


async def test_what_takes_too_long_ends_in_time() -> None:
    deadline = Deadline(0.08)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        await deadline.within(asyncio.Event().wait())
    assert time.monotonic() - started >= 0.08


async def test_what_is_quick_is_given_back_and_other_errors_are_its_own() -> None:
    deadline = Deadline(5)
    assert await deadline.within(asyncio.sleep(0, "done")) == "done"

    async def fails() -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await deadline.within(fails())


async def test_only_those_who_are_late_end() -> None:
    deadline = Deadline(0.6)
    release = asyncio.Event()

    async def stuck() -> str:
        try:
            await deadline.within(asyncio.Event().wait())
        except TimeoutError:
            release.set()
            return "late"
        return "never"

    async def after_it() -> str:
        await asyncio.sleep(0.3)  # so that its own deadline is far behind the other's
        await deadline.within(release.wait())
        return "in time"

    assert tuple(await asyncio.gather(stuck(), after_it())) == ("late", "in time")


async def test_a_task_that_is_cancelled_from_outside_is_cancelled() -> None:
    deadline = Deadline(5)
    task = asyncio.create_task(deadline.within(asyncio.Event().wait()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_goes_on_after_its_deadline_as_if_it_had_never_been_cancelled() -> None:
    deadline = Deadline(0.05)

    async def work() -> str:
        with pytest.raises(TimeoutError):
            await deadline.within(asyncio.Event().wait())
        await asyncio.sleep(0)
        return "on"

    assert await asyncio.create_task(work()) == "on"
