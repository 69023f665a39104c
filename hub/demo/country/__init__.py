"""The synthetic country: people, households, careers and care of a Viet Nam nobody lives in.

Takes a number of people and a seed, gives rows for the four registers in the three record classes, chunk by chunk. The
same people and seed give the same rows on every machine, however they are cut into chunks: what is drawn for a
household depends on the seed and on its number alone.

Modules, in order of use:
    rows         one named tuple for each table
    calendar     days and months; the country's today
    draw         keyed generators, weighted choice, unique serial numbers
    vocabulary   names, places and weights, from `tables/*.csv`
    plan         sizes and kinds of households, chunks
    frame        employers, facilities, permutations: what every household may refer to
    people       who lives in a household, with names and numbers
    career       jobs and their contribution lines
    service      the same for officers and conscripts
    insured      participants, books, benefits, unemployment
    health       cards and visits
    registers    persons, relatives, wards, households, employers
    household    one household with all of that
    sample       the people the sample viewers are
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.demo.country.frame import Frame, frame
from hub.demo.country.household import make_household
from hub.demo.country.plan import Chunk, plan
from hub.demo.country.rows import Rows

BLOCKS = 5  # blocks of 200 households in a chunk: about 3,500 people


def generate(people: int, seed: int, blocks: int = BLOCKS) -> Iterator[tuple[Chunk, Rows]]:
    """The whole country, one chunk at a time."""
    for chunk in plan(people, seed).chunks(blocks):
        yield chunk, make_chunk(frame(people, seed), chunk)


def make_chunk(of: Frame, chunk: Chunk) -> Rows:
    """The rows of a chunk, in the order of its households."""
    rows = Rows()
    person, end = chunk.first_person, chunk.first_person + chunk.people
    for household in range(chunk.first_household, chunk.first_household + chunk.households):
        size = min(of.plan.size(household), end - person)
        rows.extend(make_household(of, household, size, person))
        person += size
    return rows
