"""The declared graph of `schema/`: what `hub.authoring` makes and the engine serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from hub.model.effect import Effect, Effects
from hub.model.mapping import SourceMapping
from hub.model.supergraph import Subgraph
from hub.model.viewer import Audience, RecordClass, Standing, Universe


@dataclass(frozen=True, slots=True)
class Transition:
    """What following a field does to the reader's standing: `to`, if that is weaker; a root field sets it."""

    to: Standing


@dataclass(frozen=True, slots=True)
class PlansShown:
    """The audiences that are shown plans, and those of them that are shown the inside (`hub.model.description`)."""

    shown: frozenset[Audience] = frozenset()
    inside: frozenset[Audience] = frozenset()


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """The table: for every audience and standing, every label and every class in reach, one effect.

    name      of the file, for whoever asks which cell decided
    cells     (audience, standing) -> label -> effects; what is not in it is denied
    policies  a name that `@policy` may ask for -> the audiences that fulfil it
    plans     who may be shown the plans of his own requests
    """

    name: str
    labels: frozenset[str]
    cells: Mapping[tuple[Audience, Standing], Mapping[str, Effects]]
    policies: Mapping[str, frozenset[Audience]] = field(default_factory=dict)
    plans: PlansShown = field(default_factory=PlansShown)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a partner may read, for what and how long. Made from `schema/agreements/<name>.toml`.

    purposes  word a request names -> what it says
    universe  the records it covers
    shares    labels, `Type.field` and `Query.field`, as written; the policy table still has its say
    """

    name: str
    partner: str
    contact: str
    purposes: Mapping[str, str]
    valid_from: date
    valid_until: date
    universe: Universe
    labels: frozenset[str]
    fields: frozenset[tuple[str, str]]


Coordinate = tuple[str, str]

# The label of what a list is made of: the label of the list itself decides. Another hub reads it in the SDL.
STRUCTURE = "STRUCTURE"


@dataclass(frozen=True, slots=True)
class Reads:
    """What a field reads beside itself, as (type, field). Every reference is a read, and needs what selecting would.

    inputs     of a computed field and columns a list is ordered by: they are read as the reader would be shown them
    sources    fields whose raw columns the value is made of: it is given only where all of those are shown
    arguments  argument -> the field it is compared with: it is there only where that field is shown
    handed     fields that `@requires` hands to its subgraph: it is given only where all of those are shown
    """

    inputs: tuple[Coordinate, ...] = ()
    sources: tuple[Coordinate, ...] = ()
    arguments: Mapping[str, Coordinate] = field(default_factory=dict)
    handed: tuple[Coordinate, ...] = ()


@dataclass(frozen=True, slots=True)
class RowsOf:
    """Every row of a remote subgraph is of this class."""

    record_class: RecordClass


@dataclass(frozen=True, slots=True)
class RowsTell:
    """Each type of a remote subgraph that has this field says by it which class its rows are of."""

    field: str


@dataclass(frozen=True, slots=True)
class RowsEnforced:
    """The remote subgraph is of another hub, which carries out this very policy under what it is told of the reader."""


RowClasses = RowsOf | RowsTell | RowsEnforced


@dataclass(frozen=True, slots=True)
class Remote:
    """A subgraph in another process. Made from `schema/remotes/<name>.toml`.

    rows            which class its rows are of
    shows_messages  whether texts and codes of its errors may be shown
    deadline        for one fetch, in seconds
    replaces        it serves a source that is declared here, by the keys and fields of that declaration
    """

    name: str
    url: str
    rows: RowClasses
    shows_messages: bool = False
    deadline: float = 5.0
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """What a field of a filter or an order stands for: it may be used where that field is given, and sees it so.

    as_well  masks that it can see through like the reader: it compares what the mask leaves
    """

    field: Coordinate
    as_well: frozenset[Effect] = frozenset()


@dataclass(frozen=True, slots=True)
class DeclaredGraph:
    """Everything the hub knows about its sources before composition.

    scalars      name of a custom scalar -> check(text): the canonical text, or an error that teaches
    transitions  (type, field) -> what it does to the standing
    reads        (type, field) -> what it reads beside itself
    maskable     fields whose values stand in a column, which a mask can be laid over
    gathered     fields made of other rows: a class that denies one leaves its rows out, and nothing becomes null
    classes      fields that tell the class of a row
    lists        fields that are connections, whose arguments decide the form of a statement
    compared     (input type, field) -> what it stands for, of filters and orders
    structure    fields of connections, edges and page information: the list's own label decides
    remotes      name -> a subgraph in another process
    labels       (type, field) -> label, beside those that stand in the SDL
    held         (type, field) -> the only classes whose rows hold it
    weights      (type, field) -> what it costs, where that is not what its kind costs
    sizes        (type, field) -> how many items are expected of a list that is given whole
    """

    subgraphs: tuple[Subgraph, ...]
    mappings: Mapping[str, SourceMapping]
    scalars: Mapping[str, Callable[[str], str]]
    transitions: Mapping[Coordinate, Transition]
    policy: PolicyTable
    agreements: Mapping[str, Agreement] = field(default_factory=dict)
    reads: Mapping[Coordinate, Reads] = field(default_factory=dict)
    maskable: frozenset[Coordinate] = frozenset()
    gathered: frozenset[Coordinate] = frozenset()
    classes: frozenset[Coordinate] = frozenset()
    lists: frozenset[Coordinate] = frozenset()
    compared: Mapping[Coordinate, Compared] = field(default_factory=dict)
    structure: frozenset[Coordinate] = frozenset()
    remotes: Mapping[str, Remote] = field(default_factory=dict)
    labels: Mapping[Coordinate, str] = field(default_factory=dict)
    held: Mapping[Coordinate, frozenset[RecordClass]] = field(default_factory=dict)
    weights: Mapping[Coordinate, int] = field(default_factory=dict)
    sizes: Mapping[Coordinate, int] = field(default_factory=dict)

    @property
    def here(self) -> tuple[str, ...]:
        """The sources that are read in this process."""
        return tuple(name for name in self.mappings if name not in self.remotes)

    def foreign(self, source: str) -> bool:
        """Whether a source is a remote subgraph that stands for none of the hub's own."""
        return source in self.remotes and not self.remotes[source].replaces
