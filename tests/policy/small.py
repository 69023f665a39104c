"""Small graphs for the tests of this folder: SDL and a table in words in, effects in words out.

Effects are written in the order civilian, defence, public security: `show deny mask:year`; one word stands for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from hub.compose import compose
from hub.model.effect import Effect, Effects
from hub.model.graph import Agreement, Coordinate, DeclaredGraph, PolicyTable, Reads, Transition
from hub.model.supergraph import Subgraph, Supergraph
from hub.model.viewer import Audience, Profile, Standing, Universe, standings
from hub.policy import RuleBook, rulebook

FEDERATION = "https://specs.apollo.dev/federation/v2.9"
IMPORTS = (
    "@key @shareable @external @requires @provides @inaccessible @authenticated "
    "@requiresScopes @policy @composeDirective"
    " @interfaceObject"
)
LABELS = """
directive @label(name: String!) on FIELD_DEFINITION
directive @heldBy(classes: [String!]!) on ENUM_VALUE
extend schema
  @link(url: "https://social-insurance-hub.example/label/v1.0", import: ["@label", "@heldBy"])
  @composeDirective(name: "@label")
  @composeDirective(name: "@heldBy")
"""

OFFICER = Profile(Audience.OFFICER)
CLEARED = Profile(Audience.OFFICER, others=Universe.ALL)
ANALYST = Profile(Audience.ANALYST, project="ageing")
PARTNER = Profile(Audience.PARTNER, agreement="clinics")
CITIZEN = Profile(Audience.CITIZEN)

# What most of these graphs label their fields with.
TABLE = {"OPEN": "show", "POST": "show deny deny", "GROUP": "show deny show", "YEAR": "mask:year", "SECRET": "deny"}


def effects(words: str) -> Effects:
    """Three words, or one for all."""
    found = [Effect(word) for word in words.split()]
    return Effects(*(found * 3 if len(found) == 1 else found))


def words(found: Effects) -> str:
    """The other way round."""
    return found[0] if len(set(found)) == 1 else " ".join(found)


def table(
    cells: Mapping[str, str] = TABLE,
    *,
    policies: Mapping[str, Iterable[Audience]] | None = None,
    **others: Mapping[str, str],
) -> PolicyTable:
    """The cells for every audience and standing; `others` say other ones: `citizen_household={"OPEN": "deny"}`."""
    found = {
        (audience, standing): {
            label: effects(word) for label, word in {**cells, **others.get(f"{audience}_{standing}", {})}.items()
        }
        for audience in Audience
        for standing in standings(audience)
    }
    return PolicyTable(
        "policy.toml", frozenset(cells), found, {name: frozenset(of) for name, of in (policies or {}).items()}
    )


def agreement(*fields: str, labels: Iterable[str] = (), universe: Universe = Universe.CIVILIAN) -> Agreement:
    """The agreement of `PARTNER`."""
    coordinates = frozenset((owner, name) for owner, _, name in (field.partition(".") for field in fields))
    return Agreement(
        "clinics",
        "Clinics",
        "clinics@example.vn",
        {"card-check": "Checking a card."},
        date(2026, 1, 1),
        date(2026, 12, 31),
        universe,
        frozenset(labels),
        coordinates,
    )


def composed(*sdl: str, link: str = "") -> Supergraph:
    """These subgraphs, called a, b and so on. Without a `link` each imports every directive under its own name."""
    imports = ", ".join(f'"{name}"' for name in IMPORTS.split())
    linked = link or f'extend schema @link(url: "{FEDERATION}", import: [{imports}])'
    return compose([Subgraph(name, f"{linked}\n{LABELS}\n{text}") for name, text in zip("abcd", sdl, strict=False)])


def declared(
    policy: PolicyTable | None = None,
    *,
    agreements: Iterable[Agreement] = (),
    transitions: Mapping[Coordinate, Transition] | None = None,
    reads: Mapping[Coordinate, Reads] | None = None,
    maskable: Iterable[Coordinate] = (),
    gathered: Iterable[Coordinate] = (),
    classes: Iterable[Coordinate] = (),
) -> DeclaredGraph:
    """What stands beside the SDL."""
    return DeclaredGraph(
        (),
        {},
        {},
        transitions or {},
        policy or table(),
        {one.name: one for one in agreements},
        reads or {},
        frozenset(maskable),
        frozenset(gathered),
        frozenset(classes),
    )


def rules(*sdl: str, beside: DeclaredGraph | None = None, link: str = "") -> RuleBook:
    """The rule book of these subgraphs."""
    return rulebook(composed(*sdl, link=link), beside or declared())


def given(book: RuleBook, profile: Profile, field: str, standing: Standing = Standing.OFFICIAL) -> str:
    """What a profile is given of `Type.field`, in words."""
    owner, _, name = field.partition(".")
    return words(book.effects(profile, standing, (owner, name)))


def because(book: RuleBook, profile: Profile, field: str, standing: Standing = Standing.OFFICIAL) -> tuple[str, ...]:
    """Why, class by class."""
    owner, _, name = field.partition(".")
    return book.verdict(profile, standing, (owner, name)).because
