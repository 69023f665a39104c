"""What the three baselines share: the settings of `hub serve`, the hub's check of tokens, a server like its own."""

from __future__ import annotations

import asyncio
import gc
import os
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Protocol

from starlette.types import ASGIApp

from hub.cli import COLLECTOR
from hub.domain.codes import table
from hub.domain.identifiers import PERSONAL_ID, TAX_CODE, FormatError
from hub.errors import Unauthenticated
from hub.model.viewer import Audience, Served, Universe
from hub.server.edition import settle
from hub.server.identity import Identity, open_identity
from hub.server.run import bind, make_server
from hub.settings import SourceDsns, read_settings, require_serving


class Baseline(Protocol):
    """A system as this module serves it."""

    async def start(self) -> ASGIApp: ...
    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Shared:
    """What a baseline is made with."""

    dsns: SourceDsns
    identity: Identity

    def dsn(self, source: str) -> str:
        """The civilian address of a source."""
        return self.dsns.dsn(source, Universe.CIVILIAN)

    async def admits(self, authorization: bytes) -> bool:
        """Whether the header holds the token of an officer."""
        try:
            viewer = await self.identity.viewer([authorization])
        except Unauthenticated:
            return False
        return viewer.profile.audience is Audience.OFFICER


def is_personal_id(text: object) -> bool:
    """Whether the text is a personal number, by the check that the hub's scalar makes."""
    try:
        PERSONAL_ID.check(str(text))
    except FormatError:
        return False
    return True


def is_tax_code(text: object) -> bool:
    """Whether the text is a tax code, by the check that the hub's scalar makes."""
    try:
        TAX_CODE.check(str(text))
    except FormatError:
        return False
    return True


@cache
def place_name(kind: str, code: str, on: str) -> str | None:
    """What a province or commune was called on a day: from a table of the field that all systems read."""
    return table(kind).name(code, on=date.fromisoformat(on))


def shared() -> tuple[Shared, str, int]:
    """What the environment says, with host and port."""
    settings = read_settings(os.environ)
    require_serving(settings)
    identity = open_identity(settings, Served(settings.dsns.universes))
    return Shared(settings.dsns, identity), settings.host, settings.port


def serve(baseline: Baseline, host: str, port: int) -> None:
    """Serves until SIGTERM, on the loop and the protocol of the hub's own server, with the collector set as there."""
    with bind(host, port) as listener:

        async def run() -> None:
            try:
                app = await baseline.start()
                settle()
                gc.set_threshold(*COLLECTOR)
                await make_server(app, lambda: None).serve(sockets=[listener])
            finally:
                await baseline.stop()

        config = make_server(_nothing, lambda: None).config
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(run())


async def _nothing(*_: object) -> None:
    raise NotImplementedError
