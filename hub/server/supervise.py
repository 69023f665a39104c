"""Several processes that answer on one port, and one that watches over them.

The parent opens the socket and makes what is answered with; it never runs an event loop, so each worker is a plain fork
of it: all of them share the socket, and the memory of what was made before. A worker that ends is replaced, at once if
it had lived for a while, else after a pause that grows. Because the socket is the parent's, a connection that no worker
had taken yet is taken by the next.

    SIGTERM, SIGINT   every worker answers what it has begun; who takes too long is killed
    SIGHUP            the parent makes everything anew; if that is good, every worker does, and later ones start with it

A worker whose parent is gone ends as if it had been told to.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from hub.errors import HubError, origin
from hub.server.edition import settle

SETTLED = 5.0
"""Seconds after which a worker that ends was not a bad start."""
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

_log = logging.getLogger("hub.server")

Work = Callable[[Callable[[], None], int, bool], None]
"""A worker's life: what tells that it answers, a descriptor that ends with its parent, whether it is the first."""


@dataclass(slots=True)
class _Worker:
    """A place for a worker. `pid` is None while it is empty."""

    pid: int | None = None
    since: float = 0.0
    pause: float = 0.0
    due: float = 0.0
    tells: int | None = None
    ready: bool = False


@dataclass(slots=True)
class Supervisor:
    """Keeps `number` workers alive until a signal.

    renew   makes anew what workers begin with, or raises what is wrong with it
    within  seconds that a worker may take to end
    """

    work: Work
    number: int
    renew: Callable[[], None]
    within: float
    started: Callable[[], None]
    _workers: list[_Worker] = field(default_factory=list)
    _ending: float | None = None
    _announced: bool = False

    def run(self) -> None:
        """Returns when every worker has ended."""
        woken, wakes = os.pipe()
        os.set_blocking(wakes, False)
        alive, life = os.pipe()
        before = {number: signal.signal(number, _noted) for number in _SIGNALS}
        before_wakes = signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        self._workers = [_Worker() for _ in range(self.number)]
        # What the collector of a worker does not look at stays shared with its parent.
        settle()
        try:
            while self._ending is None or any(worker.pid for worker in self._workers):
                self._tend(alive, life)
                for number in self._wait(woken):
                    self._heed(number)
                self._reap()
        finally:
            signal.set_wakeup_fd(before_wakes)
            for number, handler in before.items():
                signal.signal(number, handler)
            for descriptor in (woken, wakes, alive, life):
                os.close(descriptor)

    def _tend(self, alive: int, life: int) -> None:
        """Starts the workers that are due, or ends those that should have ended."""
        now = time.monotonic()
        if self._ending is not None:
            if now >= self._ending:
                _log.warning("workers that took longer than %g seconds to end are killed", self.within)
                self._signal(signal.SIGKILL)
                self._ending = float("inf")
            return
        for worker in self._workers:
            if worker.pid is None and now >= worker.due:
                self._start(worker, alive, life)

    def _start(self, worker: _Worker, alive: int, life: int) -> None:
        told, tells = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal that comes before the child has its own handlers would be heeded as one to its parent.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if not pid:
            os.close(life)
            os.close(told)
            for other in self._workers:
                if other.tells is not None:
                    os.close(other.tells)
            self._live(tells, alive, worker is self._workers[0])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.close(tells)
        worker.pid, worker.since, worker.tells, worker.ready = pid, time.monotonic(), told, False

    def _live(self, tells: int, alive: int, first: bool) -> None:
        """A worker, from its start to its end; does not return."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the parent passes it on
            # SIGHUP stays blocked until there is something that can be made anew (`hub.server.run`).
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD})
            self.work(lambda: _tell(tells), alive, first)
            code = 0
        except HubError as error:
            for line in str(error).splitlines():
                _log.error("a worker cannot start: %s", line)
        except BaseException:  # noqa: BLE001 - nothing of the parent may go on in its child
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _wait(self, woken: int) -> bytes:
        """The signals that came, as soon as there is something to do."""
        telling = [worker.tells for worker in self._workers if worker.tells is not None]
        readable, _, _ = select.select([woken, *telling], [], [], self._pause())
        for worker in self._workers:
            if worker.tells in readable and worker.tells is not None:
                worker.ready = os.read(worker.tells, 1) == b"1"
                os.close(worker.tells)
                worker.tells = None
        if not self._announced and all(worker.ready for worker in self._workers):
            self._announced = True
            self.started()
        return os.read(woken, 4_096) if woken in readable else b""

    def _pause(self) -> float | None:
        now = time.monotonic()
        if self._ending is not None:
            return max(0.0, self._ending - now) if self._ending != float("inf") else None
        due = [worker.due - now for worker in self._workers if worker.pid is None]
        return max(0.0, min(due)) if due else None

    def _heed(self, number: int) -> None:
        if number in {signal.SIGTERM, signal.SIGINT}:
            if self._ending is None:
                self._ending = time.monotonic() + self.within
                self._signal(signal.SIGTERM)
            elif number == signal.SIGINT:
                self._signal(signal.SIGKILL)
        elif number == signal.SIGHUP and self._ending is None:
            try:
                self.renew()
            except HubError as error:
                for line in str(error).splitlines():
                    _log.error("not reloaded, what was there goes on: %s", line)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with the new, the workers answer
                _log.error("not reloaded, what was there goes on: %s", origin(error))
            else:
                settle()
                self._signal(signal.SIGHUP)

    def _signal(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid is not None:
                try:
                    os.kill(worker.pid, number)
                except ProcessLookupError:
                    pass  # it has just ended, and is reaped next

    def _reap(self) -> None:
        for worker in self._workers:
            if worker.pid is None:
                continue
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if not pid:
                continue
            now = time.monotonic()
            if worker.tells is not None:
                os.close(worker.tells)
                worker.tells = None
            if self._ending is None:
                quick = now - worker.since < SETTLED
                worker.pause = min(max(worker.pause * 2, FIRST_PAUSE), LONGEST_PAUSE) if quick else 0.0
                worker.due = now + worker.pause
                code = os.waitstatus_to_exitcode(status)
                how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
                again = f"in {worker.pause:g} s" if worker.pause else "now"
                _log.error("worker %d ended %s: another starts %s", pid, how, again)
            worker.pid, worker.ready = None, False


def _tell(descriptor: int) -> None:
    os.write(descriptor, b"1")
    os.close(descriptor)


def _noted(number: int, frame: FrameType | None) -> None:
    """A signal is read from the pipe that it wakes."""
