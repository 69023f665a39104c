"""The policy field by field, for readers of three kinds: a terminal, a page for people, JSON for programs.

Takes a `Matrix` of `hub.policy.matrix`; decides nothing. Every sign has a word in the legend, and none needs colour.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from hub.model.effect import Effect
from hub.model.viewer import Audience, Profile, RecordClass, Standing, Universe
from hub.policy.contract import visible_fields
from hub.policy.matrix import Cell, Column, Matrix, Row
from hub.policy.words import audience_words, class_words, effect_words, standing_words

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from hub.engine import Built


# The terminal ---------------------------------------------------------------------------------------------------------

_GAP = "  "
_LEAST_TERM = 12
_OUT_OF_REACH = "."
_STYLES = {"+": "green", "-": "dim"}


def print_text(found: Matrix, console: Console) -> None:
    """Prints the table; in blocks by audience where the terminal is not wide enough for all of them."""
    from rich.text import Text

    fields = max((len(row.field) for one in found.types for row in one.rows), default=0)
    labels = max((len(row.label) for one in found.types for row in one.rows), default=0)
    lead = 2 + fields + len(_GAP) + labels
    blocks = _blocks(found.columns, console.width - lead - len(_GAP) - _LEAST_TERM)
    for block in blocks:
        columns = [found.columns[place] for place in block]
        widths = _widths(columns)
        room = console.width - lead - sum(len(_GAP) + width for width in widths) - len(_GAP)
        for heading in _headings(columns, widths, lead):
            _print(console, Text(heading, style="bold"))
        for one in found.types:
            title = Text(f"\n{one.name}", style="bold")
            title.append(f"  {one.term}" if one.term else "", style="not bold")
            _print(console, title)
            for row in one.rows:
                line = Text(f"  {row.field:<{fields}}{_GAP}{row.label:<{labels}}")
                for place, width in zip(block, widths, strict=True):
                    line.append(_GAP).append(_signs(row.cells[place], width))
                if room >= _LEAST_TERM:
                    term = Text(row.term, style="dim")
                    term.truncate(room, overflow="ellipsis")
                    line.append(_GAP).append(term)
                _print(console, line)
        _print(console, Text(""))
    for said in _legend(found):
        for part in textwrap.wrap(said, console.width, subsequent_indent="   "):
            _print(console, Text(part))


def _print(console: Console, line: Text) -> None:
    line.rstrip()
    console.print(line, soft_wrap=True)


def _blocks(columns: Sequence[Column], room: int) -> list[list[int]]:
    """The places of the columns, an audience never torn apart unless it alone is too wide."""
    groups: list[list[int]] = []
    for place, column in enumerate(columns):
        if groups and columns[groups[-1][0]].audience is column.audience:
            groups[-1].append(place)
        else:
            groups.append([place])
    blocks: list[list[int]] = []
    for group in groups:
        together = [*(blocks[-1] if blocks else []), *group]
        needed = sum(len(_GAP) + width for width in _widths([columns[place] for place in together]))
        if blocks and needed <= room:
            blocks[-1] += group
        else:
            blocks.append(group)
    return blocks


def _heading(column: Column) -> str:
    if column.audience is Audience.PARTNER:
        return column.agreement or "at most"
    return str(column.standing)


def _widths(columns: Sequence[Column]) -> list[int]:
    """Wide enough for the standing; the last column of an audience makes room for the audience's name."""
    widths = [max(5, len(_heading(column))) for column in columns]
    for audience in dict.fromkeys(column.audience for column in columns):
        places = [place for place, column in enumerate(columns) if column.audience is audience]
        taken = sum(widths[place] for place in places) + len(_GAP) * (len(places) - 1)
        widths[places[-1]] += max(0, len(audience) - taken)
    return widths


def _headings(columns: Sequence[Column], widths: Sequence[int], lead: int) -> Iterator[str]:
    above = " " * lead
    below = f"{'  field':<{lead}}"
    named = None
    for column, width in zip(columns, widths, strict=True):
        start = len(below) + len(_GAP)
        if column.audience is not named:
            named = column.audience
            above = f"{above:<{start}}{named}"
        below += f"{_GAP}{_heading(column):<{width}}"
    yield above.rstrip()
    yield below.rstrip()


def _signs(cell: Cell | None, width: int) -> Text:
    from rich.text import Text

    text = Text()
    if cell is not None:
        given = dict(cell.effects)
        if cell.same is not None:
            signs = effect_words(cell.same).sign
        else:
            signs = "".join(effect_words(given[one]).sign if one in given else _OUT_OF_REACH for one in RecordClass)
        for sign in signs:
            text.append(sign, style=_STYLES.get(sign, "yellow"))
        if cell.narrower:
            text.append("*")
        if not cell.reached and cell.same is not Effect.DENY:
            text = Text("(", style="dim").append(text).append(")")
    text.pad_right(max(0, width - text.cell_len))
    return text


def _legend(found: Matrix) -> Iterator[str]:
    cells = [cell for one in found.types for row in one.rows for cell in row.cells if cell is not None]
    used = {effect for cell in cells for _, effect in cell.effects}
    yield "   ".join(f"{effect_words(effect).sign} {effect}" for effect in Effect if effect in used)
    if any(cell.same is None for cell in cells):
        yield f"+++ one sign for each record class where they differ: {', '.join(RecordClass)}; . is out of reach"
    if any(not cell.reached and cell.same is not Effect.DENY for cell in cells):
        yield "() what the table says; no path that this reader may walk leads there with this standing"
    narrower = {clearance for cell in cells for clearance in _narrower(cell)}
    if narrower:
        yield f"*  otherwise {'; '.join(sorted(narrower))}"
    if any(cell is None for one in found.types for row in one.rows for cell in row.cells):
        yield "   an empty cell is a root field, which is never read with this standing"
    unreached = [column.name for column in found.columns if not column.reached]
    if unreached:
        yield f"   no field of the graph leads to {', '.join(unreached)}"


def _narrower(cell: Cell) -> Iterator[str]:
    for universe, effects in cell.narrower:
        given = ", ".join(f"{one} {effect}" for one, effect in effects)
        yield f"with clearance {universe}: {given}"


# The page -------------------------------------------------------------------------------------------------------------


class PageLine(NamedTuple):
    """What one class gets: the style, the class where classes differ, sign and word."""

    css: str
    of: str
    word: str


class PageCell(NamedTuple):
    lines: tuple[PageLine, ...]
    reached: bool
    notes: tuple[str, ...]
    because: str


def page_cell(cell: Cell | None) -> PageCell:
    """A cell as the page has it. A root field that is never read with the standing has no lines."""
    if cell is None:
        return PageCell((), True, (), "a root field, which is never read with this standing")
    notes = tuple(
        f"{', '.join(class_words(one).en for one in universe.classes)}: {' '.join(line.word for line in _lines(given))}"
        for universe, given in cell.narrower
    )
    reached = cell.reached or cell.same is Effect.DENY
    return PageCell(_lines(cell.effects), reached, notes, "; ".join(dict.fromkeys(cell.because)))


def _lines(effects: Sequence[tuple[RecordClass, Effect]]) -> tuple[PageLine, ...]:
    """One line where all classes agree, else one for each."""
    if len({effect for _, effect in effects}) == 1:
        effects, of = effects[:1], [""]
    else:
        of = [class_words(one).en for one, _ in effects]
    return tuple(
        PageLine(_css(effect), name, effect_words(effect).word) for name, (_, effect) in zip(of, effects, strict=True)
    )


def _css(effect: Effect) -> str:
    return "mask" if effect.is_mask else str(effect)


def html_page(found: Matrix, built: Built, agreements: Sequence[str] | None = None) -> str:
    """One self-contained page: no scripts, nothing from elsewhere. `agreements`: those that it tells; None for all."""
    from importlib.resources import files

    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("hub.cli").joinpath("matrix.html.j2").read_text(encoding="utf-8"))
    audiences = list(dict.fromkeys(column.audience for column in found.columns))
    classes = [one for one in RecordClass if any(one in column.classes for column in found.columns)]
    return template.render(
        matrix=found,
        here=[one.name for one in found.types],
        audiences=[(one, audience_words(one), _span(found, one)) for one in audiences],
        standings=[(one, standing_words(one)) for one in Standing if any(c.standing is one for c in found.columns)],
        classes=[(one, class_words(one)) for one in classes],
        effects=[(_css(one), effect_words(one)) for one in Effect],
        headings=[_page_heading(column) for column in found.columns],
        cell=page_cell,
        compared=_compared,
        english=_english,
        agreements=[
            _agreement(built, name) for name in built.rules.agreements if agreements is None or name in agreements
        ],
        **_origin(built),
    )


def own_html_page(built: Built, profile: Profile) -> str:
    """The page for one reader: the whole for who is cleared for every class of records, else his own part."""
    from hub.policy.matrix import matrix, own_matrix

    if profile.others is Universe.ALL:
        return html_page(matrix(built.rules, built.supergraph.api), built)
    own = own_matrix(built.rules, built.supergraph.api, built.contract(profile), profile)
    return html_page(own, built, [profile.agreement] if profile.agreement else [])


def _span(found: Matrix, audience: Audience) -> int:
    return sum(column.audience is audience for column in found.columns)


def _page_heading(column: Column) -> tuple[str, str]:
    """Vietnamese and English."""
    if column.audience is Audience.PARTNER:
        return (column.agreement, column.agreement) if column.agreement else ("Tối đa", "At most")
    words = standing_words(column.standing)
    return words.vi, words.en


def _english(says: str, term: str) -> str:
    """A description without the Vietnamese term that stands beside it."""
    return says.replace(f" ({term})", "", 1)


def _compared(row: Row) -> str:
    return "; ".join(f"{argument} = {'.'.join(where)}" for argument, where in row.arguments)


def _agreement(built: Built, name: str) -> Mapping[str, Any]:
    agreement = built.rules.agreements[name]
    profile = Profile(Audience.PARTNER, others=agreement.universe, agreement=name)
    shared: dict[str, list[str]] = {}
    seen = visible_fields(built.supergraph.api, built.rules, profile)
    for type_name, found in built.supergraph.api.type_map.items():
        for field in getattr(found, "fields", {}):
            if (type_name, field) in seen:
                shared.setdefault(type_name, []).append(field)
    return {
        "name": name,
        "partner": agreement.partner,
        "contact": agreement.contact,
        "purposes": agreement.purposes,
        "valid_from": f"{agreement.valid_from:%d/%m/%Y}",
        "valid_until": f"{agreement.valid_until:%d/%m/%Y}",
        "classes": [(one, class_words(one)) for one in agreement.universe.classes],
        "shared": shared,
    }


def _origin(built: Built) -> dict[str, str]:
    """Of what and when this was made: the hub's version, the policy file and its hash, the day in Viet Nam."""
    import hashlib
    from importlib.metadata import version

    from hub.cli.endpoint import ROOT

    name = built.rules.policy.name
    content = (ROOT / "schema" / name).read_bytes()
    today = datetime.now(UTC) + timedelta(hours=7)
    return {
        "policy": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "version": version("hub"),
        "made_on": f"{today:%d/%m/%Y}",
    }


# Programs -------------------------------------------------------------------------------------------------------------


def json_document(found: Matrix, built: Built) -> str:
    """The same for programs. `cells` are in the order of `columns`."""
    import orjson

    document = {
        **_origin(built),
        "columns": [
            {
                "name": column.name,
                "audience": column.audience,
                "standing": column.standing,
                "agreement": column.agreement,
                "classes": column.classes,
                "reached": column.reached,
            }
            for column in found.columns
        ],
        "types": [
            {
                "name": one.name,
                "says": one.says,
                "term": one.term,
                "interfaces": one.interfaces,
                "fields": [_row_json(row) for row in one.rows],
            }
            for one in found.types
        ],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _row_json(row: Row) -> Mapping[str, Any]:
    return {
        "name": row.field,
        "type": row.shape,
        "label": row.label,
        "says": row.says,
        "term": row.term,
        "arguments": {argument: ".".join(where) for argument, where in row.arguments},
        "needs": row.needs,
        "cells": [cell and _cell_json(cell) for cell in row.cells],
    }


def _cell_json(cell: Cell) -> Mapping[str, Any]:
    def effects(given: Sequence[tuple[RecordClass, Effect]]) -> Mapping[str, str]:
        return {str(one): str(effect) for one, effect in given}

    def narrower(universe: Universe, given: Sequence[tuple[RecordClass, Effect]]) -> tuple[str, Mapping[str, str]]:
        return str(universe), effects(given)

    return {
        "effects": effects(cell.effects),
        "because": {str(one): reason for (one, _), reason in zip(cell.effects, cell.because, strict=True)},
        "narrower": dict(narrower(*one) for one in cell.narrower),
        "reached": cell.reached,
    }
