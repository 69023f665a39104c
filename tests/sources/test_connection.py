"""What a connection keeps: the statements it has prepared, up to a bound, in Postgres as well as here."""

from __future__ import annotations

from hub.model.viewer import Universe
from hub.settings import SourceDsns
from hub.sources.postgres.connection import STATEMENTS_KEPT, Connections, Plans

HELD = "select count(*) from pg_prepared_statements"
BEYOND = 40


async def test_statements_without_end_do_not_fill_a_register(dsns: SourceDsns) -> None:
    """Each other alias of a document is another statement; Postgres says how many of them it holds."""
    connections = Connections("population", dsns.dsn("population", Universe.CIVILIAN), 1, 10.0)
    try:
        for number in range(STATEMENTS_KEPT + BEYOND):
            ((found,),) = await connections.fetch(f"select {number}", (), Plans.ONCE)
            assert found == number
        ((held,),) = await connections.fetch(HELD, (), Plans.ONCE)
        ((again,),) = await connections.fetch(HELD, (), Plans.ONCE)
    finally:
        await connections.close()
    # One that made room for the newest is given back with the next one.
    assert STATEMENTS_KEPT <= held <= STATEMENTS_KEPT + 1
    assert again == held
