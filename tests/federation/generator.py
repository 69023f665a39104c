"""Random graphs that must compose, with random data: `generate_case(seed, size)`. The same seed gives the same graph.

Types are split over subgraphs at random, in ways that Federation allows by construction: entities share keys so that
every subgraph of a type is reached from every other, requirements are only on fields made before, rows are missing only
where nothing else depends on the subgraph that lacks them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.federation.case import VERSION, Case, Operation

_IMPORTS = (
    "key", "shareable", "external", "requires", "provides", "override", "interfaceObject", "inaccessible", "context",
    "fromContext",
)  # fmt: skip
_LEAVES = ("Int", "String", "Boolean", "Float", "Kind", "ID", "[String!]", "[Int]", "[[String]]", "[Kind!]")
_ARGUMENTS = (
    "(in: Int)",
    '(in: String = "d")',
    "(kind: Kind = A, by: By)",
    "(of: [Int!], deep: [[Kind]])",
    "(by: By = { n: 1 })",
    "(must: Boolean!)",
)
_SHARED = "enum Kind { A B C }\ninput By { n: Int name: String kind: Kind = B inner: By list: [Int!] }"
_OTHER_KEYS = ("sku: String!", "region: ID! num: Int!", "org: Org!")
_PATTERNS = ("{}", "{}", "[{}]", "[[{}]]")
_STRICT = ("{}!", "[{}!]", "[{}]!", "[{}!]!", "[[{}!]]")
_OBJECT_OF = "interface-objects"


@dataclass(slots=True)
class Field:
    """A field of a type in one subgraph: `directives` behind it, as text."""

    name: str
    type: str
    arguments: str = ""
    directives: str = ""

    def __str__(self) -> str:
        return f"{self.name}{self.arguments}: {self.type}{self.directives}"


@dataclass(slots=True)
class Part:
    """A type as one subgraph declares it."""

    kind: str
    name: str
    keys: list[str] = field(default_factory=list)
    interfaces: list[str] = field(default_factory=list)
    fields: dict[str, Field] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    directives: str = ""

    def __str__(self) -> str:
        if self.kind == "union":
            return f"union {self.name} = {' | '.join(self.members)}"
        implements = f" implements {' & '.join(self.interfaces)}" if self.interfaces else ""
        lines = "\n".join(f"  {each}" for each in self.fields.values())
        return f"{self.kind} {self.name}{implements}{self.directives}{''.join(self.keys)} {{\n{lines}\n}}"


@dataclass(slots=True)
class Entity:
    """An entity type. `homes` hold it for good; `owned` are its fields that a requirement may ask: name -> home."""

    name: str
    homes: list[str]
    owned: dict[str, tuple[str, Field]] = field(default_factory=dict)
    lacking: set[str] = field(default_factory=set)
    needed: set[str] = field(default_factory=set)
    all_by_id: bool = True


class Generator:
    """One graph in the making."""

    def __init__(self, seed: int, size: int) -> None:
        self.random = Random(seed * 1_000 + size)
        self.size = size
        self.numbers = iter(range(1, 10_000))
        self.subgraphs = [f"s{number}" for number in range(1, self.between(2, 2 + min(size, 4)) + 1)]
        self.parts: dict[str, dict[str, Part]] = {name: {} for name in self.subgraphs}
        self.entities: list[Entity] = []
        self.rows: dict[str, dict[str, str]] = {"Query": {}, "Mutation": {}}
        self.missing: list[tuple[str, str]] = []
        self.abstract: dict[str, list[str]] = {}

    # --- dice ------------------------------------------------------------------------------------------------------

    def between(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def some(self, of: Sequence[str], least: int = 1) -> list[str]:
        count = self.between(min(least, len(of)), len(of))
        return sorted(self.random.sample(list(of), count))

    def fresh(self, prefix: str) -> str:
        return f"{prefix}{next(self.numbers)}"

    # --- parts -----------------------------------------------------------------------------------------------------

    def part(self, subgraph: str, name: str, kind: str = "type") -> Part:
        return self.parts[subgraph].setdefault(name, Part(kind, name))

    def add(self, subgraph: str, type_name: str, made: Field, kind: str = "type") -> None:
        self.part(subgraph, type_name, kind).fields.setdefault(made.name, made)

    def rows_of(self, entity: Entity) -> list[str]:
        return [name for name in self.rows if name.rpartition("_")[0] == entity.name]

    def stub(self, subgraph: str, entity: Entity) -> None:
        """Make sure that a subgraph can name the entity."""
        if subgraph in entity.homes or entity.name in self.parts[subgraph]:
            return
        resolvable = "" if self.chance(50) else ", resolvable: false"
        part = self.part(subgraph, entity.name)
        part.keys.append(f' @key(fields: "id"{resolvable})')
        part.fields["id"] = Field("id", "ID!")

    # --- the graph -------------------------------------------------------------------------------------------------

    def make(self) -> None:
        for _ in range(self.between(1, 1 + self.size)):
            self.entity()
        for entity in self.entities:
            for _ in range(self.between(1, 1 + self.size)):
                self.leaf(entity)
            if self.chance(60):
                self.value_type(entity)
        for entity in self.entities:
            for _ in range(self.between(0, 2)):
                self.reference(entity)
            if self.size > 1 and self.chance(30):
                self.abstract_field(entity)
            if self.size > 1 and self.chance(25):
                self.abstract_value(entity)
        if self.chance(40):
            self.context(self.random.choice(self.entities))
        for entity in self.entities:
            if self.chance(70):
                self.lack(entity)
        for _ in range(self.between(0, self.size)):
            self.requirement(self.random.choice(self.entities))
        if self.size > 1 and self.chance(70):
            self.interface()
        if self.size > 1 and self.chance(60):
            self.union()
        if self.size > 1 and self.chance(50):
            self.interface_object()
        self.roots()

    def entity(self) -> None:
        entity = Entity(self.fresh("E"), self.some(self.subgraphs))
        self.entities.append(entity)
        others = self.some(_OTHER_KEYS)[:2] if len(entity.homes) > 1 and self.chance(50) else []
        for number in range(self.between(1, 1 + self.size)):
            self.rows[f"{entity.name}_{number}"] = {}
            if "org: Org!" in others:
                self.rows[f"{entity.name}_{number}"]["org"] = f'{{ code: "{number}" }}'
        bridge = self.random.choice(entity.homes)
        for home in entity.homes:
            part = self.part(home, entity.name)
            only = self.random.choice(others) if others and home != bridge and self.chance(40) else None
            if only is None:
                part.keys.append(' @key(fields: "id")')
                part.fields["id"] = Field("id", "ID!", directives=" @shareable")
            for other in others:
                if other == only or home == bridge or (only is None and self.chance(30)):
                    self.other_key(home, part, other)
            entity.all_by_id &= only is None
        if not entity.all_by_id:
            entity.needed.add(bridge)

    def other_key(self, home: str, part: Part, other: str) -> None:
        selection = "org { code }" if other == "org: Org!" else " ".join(self.names(other))
        part.keys.append(f' @key(fields: "{selection}")')
        for declared in other.replace("! ", "!,").split(","):
            name, _, type_name = declared.partition(": ")
            part.fields[name] = Field(name, type_name, directives=" @shareable")
        if other == "org: Org!":
            self.add(home, "Org", Field("code", "String!", directives=" @shareable"))

    @staticmethod
    def names(declared: str) -> list[str]:
        return [word.removesuffix(":") for word in declared.split() if word.endswith(":")]

    def leaf(self, entity: Entity) -> None:
        name, home = self.fresh("f"), self.random.choice(entity.homes)
        type_name = self.random.choice(_LEAVES) + ("!" if self.chance(15) else "")
        made = Field(name, type_name, self.random.choice(_ARGUMENTS) if self.chance(30) else "")
        others = [each for each in entity.homes if each != home]
        if others and self.chance(25):
            shared = self.some([home, *others], least=2)
            for each in shared:
                loose = type_name.removesuffix("!") if self.chance(50) else type_name
                self.add(each, entity.name, Field(name, loose, made.arguments, " @shareable"))
            entity.needed.update(shared)
            made.type = type_name.removesuffix("!")
            return
        if others and self.chance(15):
            self.add(self.random.choice(others), entity.name, Field(name, made.type, made.arguments))
            old = next(each for each in others if name in self.parts[each][entity.name].fields)
            made.directives = f' @override(from: "{old}")'
        elif self.chance(10):
            made.directives = " @inaccessible"
        self.add(home, entity.name, made)
        entity.owned[name] = (home, Field(name, made.type, made.arguments))
        failing = self.chance(15)
        for row in self.rows_of(entity):
            # One that must not be null fails its whole object, also where a gateway asks for it by itself.
            if made.type.endswith("!"):
                continue
            if self.chance(15):
                self.rows[row][name] = "null"
            elif failing and self.chance(20):
                self.rows[row][name] = '"FAILS"'

    def value_type(self, entity: Entity) -> None:
        """A value type of its own, on one field of the entity, whole in each of its homes or split over them."""
        name, type_name, homes = self.fresh("v"), self.fresh("V"), self.some(entity.homes)
        wrapped = self.random.choice(("{}", "{}", "[{}]", "[[{}]]"))
        split = len(homes) > 1 and self.chance(60)
        leaves: list[str] = []
        for home in homes:
            self.add(home, entity.name, Field(name, wrapped.format(type_name), directives=" @shareable"))
            self.add(home, type_name, Field("both", "String", directives=" @shareable"))
            if split:
                leaf = self.fresh("p")
                self.add(home, type_name, Field(leaf, self.random.choice(_LEAVES)))
                leaves.append(leaf)
        bridges = self.value_references(self.random.choice(homes), type_name) if self.chance(35) else {}
        entity.needed.update(homes)
        if not split and wrapped == "{}":
            entity.owned[name] = (homes[0], Field(name, type_name))
        for row in self.rows_of(entity):
            self.rows[row][name] = self.wrapped(wrapped, lambda: self.value(leaves, bridges))

    def value_references(self, home: str, type_name: str) -> Mapping[str, Sequence[str]]:
        """A field of a value type that leads to an entity: its name, and the rows that may stand there."""
        target = self.random.choice(self.entities)
        if home in target.homes and "id" not in self.parts[home][target.name].fields:
            return {}
        self.stub(home, target)
        name = self.fresh("w")
        self.add(home, type_name, Field(name, target.name))
        return {name: self.rows_of(target)}

    def value(self, leaves: Sequence[str], bridges: Mapping[str, Sequence[str]]) -> str:
        if self.chance(15):
            return "null"
        nulls = [f"{leaf}: null" for leaf in ("both", *leaves) if self.chance(15)]
        return f"{{ {' '.join([*nulls, *(f'{name}: {self.pick(rows)}' for name, rows in bridges.items())])} }}"

    def wrapped(self, pattern: str, item: object) -> str:
        assert callable(item)
        match pattern.replace("!", ""):
            case "[{}]":
                return "null" if self.chance(10) else f"[{' '.join(item() for _ in range(self.between(0, 3)))}]"
            case "[[{}]]":
                inner = (self.wrapped("[{}]", item) for _ in range(self.between(0, 3)))
                return "null" if self.chance(10) else f"[{' '.join(inner)}]"
            case _:
                return str(item())

    def reference(self, entity: Entity) -> None:
        """A field that leads to another entity, perhaps with something of it provided."""
        target = self.random.choice(self.entities)
        home = self.random.choice(entity.homes)
        if home in target.homes and "id" not in self.parts[home][target.name].fields:
            return
        self.stub(home, target)
        name, pattern = self.fresh("r"), self.random.choice(_STRICT if self.chance(15) else _PATTERNS)
        arguments = "(first: Int)" if pattern == "[{}]" and self.chance(40) else ""
        made = Field(name, pattern.format(target.name), arguments)
        elsewhere = [
            owned
            for owned, (owner, each) in target.owned.items()
            if owner != home and owned not in self.parts[home][target.name].fields and not each.arguments
            if each.type.rstrip("!") in _LEAVES and not self.failing(target, owned)
        ]
        if elsewhere and self.chance(40):
            provided = self.random.choice(elsewhere)
            made.directives = f' @provides(fields: "{provided}")'
            shown = target.owned[provided][1]
            self.mark_shared(target, provided, home)
            self.add(home, target.name, Field(provided, shown.type, directives=" @external"))
        self.add(home, entity.name, made)
        rows = self.rows_of(target)
        for row in self.rows_of(entity):
            self.rows[row][name] = self.wrapped(pattern, lambda: self.pick(rows, 3 if "!" in pattern else 15))
        if not arguments and "[[" not in pattern:
            entity.owned[name] = (home, Field(name, made.type))

    def failing(self, entity: Entity, name: str) -> bool:
        """Whether a field fails in some row: then it does so wherever it is asked, and may not be a second time."""
        return any(self.rows[row].get(name) == '"FAILS"' for row in self.rows_of(entity))

    def context(self, entity: Entity) -> None:
        """Something that is only reached below the entity, whose field takes a value of it, wherever that lives."""
        home = self.random.choice(entity.homes)
        fields = self.parts[home][entity.name].fields
        possible = [
            (name, owner, shown)
            for name, (owner, shown) in entity.owned.items()
            if not shown.arguments and shown.type.rstrip("!") in _LEAVES and (owner == home or name not in fields)
        ]
        if not possible:
            return
        taken, owner, shown = self.random.choice(possible)
        if owner != home:
            self.add(home, entity.name, Field(taken, shown.type, directives=" @external"))
        entity.needed.update((owner, home))
        called, below = self.fresh("c"), self.fresh("N")
        self.parts[home][entity.name].directives += f' @context(name: "{called}")'
        given = f'in: {shown.type.rstrip("!")} @fromContext(field: "${called} {{ {taken} }}")'
        more = ", by: By" if self.chance(30) else ""
        rows = [f"{below}_{number}" for number in range(self.between(1, 3))]
        self.rows.update((row, {}) for row in rows)
        holders = dict.fromkeys((home, self.random.choice(entity.homes), self.random.choice(self.subgraphs)))
        for holder in holders:
            part = self.part(holder, below)
            part.keys.append(' @key(fields: "id")')
            part.fields["id"] = Field("id", "ID!")
        self.add(home, below, Field(self.fresh("x"), "String", f"({given}{more})"))
        last = list(holders)[-1]
        self.add(last, below, Field(self.fresh("y"), "Int"))
        self.link(self.random.choice([each for each in holders if each in entity.homes]), entity.name, below, rows)
        self.link(self.random.choice(list(holders)), below, below, rows)

    def link(self, home: str, above: str, below: str, rows: Sequence[str]) -> None:
        """A field from one type to another, with data for every row."""
        name, pattern = self.fresh("n"), self.random.choice(("{}", "[{}]", "[[{}]]"))
        self.add(home, above, Field(name, pattern.format(below)))
        for row in [row for row in self.rows if row.rpartition("_")[0] == above]:
            self.rows[row][name] = self.wrapped(pattern, lambda: self.pick(rows))

    def mark_shared(self, entity: Entity, name: str, provider: str) -> None:
        """A field that is provided elsewhere must hold the same rows there, and be asked for nowhere else."""
        owner, _ = entity.owned[name]
        entity.needed.update((owner, provider))

    def pick(self, rows: Sequence[str], percent: int = 15) -> str:
        return "null" if not rows or self.chance(percent) else self.random.choice(rows)

    def lack(self, entity: Entity) -> None:
        """Rows that one home of the entity does not hold."""
        # The fields of a second key are of every home that has it.
        homes = [
            home for home in entity.homes if home not in entity.needed and len(self.parts[home][entity.name].keys) == 1
        ]
        if not entity.all_by_id or len(entity.homes) < 2 or not homes:
            return
        home = self.random.choice(homes)
        lacking = [row for row in self.rows_of(entity) if self.chance(30)]
        self.missing += [(home, row) for row in lacking]
        if lacking:
            entity.lacking.add(home)

    def requirement(self, entity: Entity) -> None:
        home = self.random.choice(self.subgraphs)
        held = self.parts[home].get(entity.name)
        if held is not None and 'fields: "id")' not in "".join(held.keys):
            return
        possible = [
            name
            for name, (owner, _) in entity.owned.items()
            if owner != home and owner not in entity.lacking and (held is None or name not in held.fields)
        ]
        wanted = self.some(possible)[:3] if possible else []
        texts = [text for name in wanted if (text := self.required(home, entity, name)) is not None]
        if not texts:
            return
        part = self.part(home, entity.name)
        if held is None:
            part.keys.append(' @key(fields: "id")')
            part.fields["id"] = Field("id", "ID!", directives=" @shareable")
        name = self.fresh("q")
        arguments = "(in: Int = 4)" if self.chance(20) else ""
        part.fields[name] = Field(name, "String", arguments, f' @requires(fields: "{" ".join(texts)}")')
        if home not in entity.lacking:
            entity.owned[name] = (home, Field(name, "String", arguments))

    def required(self, home: str, entity: Entity, name: str) -> str | None:
        """One field of a requirement; marks it external where it is required."""
        shown = entity.owned[name][1]
        external = Field(name, shown.type, shown.arguments, " @external")
        target = next((each for each in self.entities if each.name == shown.type.strip("[]!")), None)
        if target is not None:
            return self.required_across(home, entity, external, target)
        if shown.type.strip("[]!") in self.abstract:
            return self.required_of_many(home, entity, external)
        if shown.type.startswith("V"):
            self.add(home, shown.type, Field("both", "String", directives=" @shareable"))
            self.add(home, entity.name, external)
            return f"{name} {{ both }}"
        self.add(home, entity.name, external)
        match shown.arguments:
            case "" | "(in: Int = 4)":
                return name
            case "(in: Int)":
                return f"{name}(in: 7)"
            case "(must: Boolean!)":
                return f"{name}(must: true)"
            case "(of: [Int!], deep: [[Kind]])":
                return f"{name}(of: [1, 2], deep: [[A], null])"
            case _:
                return name

    def required_across(self, home: str, entity: Entity, external: Field, target: Entity) -> str | None:
        if target is entity:
            return None
        held = self.parts[home].get(target.name)
        leaves = [
            name
            for name, (owner, shown) in target.owned.items()
            if owner != home and owner not in target.lacking and not shown.arguments
            if shown.type.rstrip("!") in _LEAVES and (held is None or name not in held.fields)
        ]
        if not leaves:
            return None
        leaf = self.random.choice(leaves)
        if held is None:
            self.stub(home, target)
        self.add(home, target.name, Field(leaf, target.owned[leaf][1].type, directives=" @external"))
        self.add(home, entity.name, external)
        return f"{external.name} {{ {leaf} }}"

    def required_of_many(self, home: str, entity: Entity, external: Field) -> str | None:
        """A requirement with a fragment for each type of a union."""
        name = external.type.strip("[]!")
        members = self.abstract[name]
        if any("id" not in self.parts[home][each].fields for each in members if each in self.parts[home]):
            return None
        for each in members:
            self.stub(home, next(known for known in self.entities if known.name == each))
        union = self.part(home, name, "union")
        union.members = sorted({*union.members, *members})
        self.add(home, entity.name, external)
        fragments = " ".join(f"... on {each} {{ id }}" for each in members)
        return f"{external.name} {{ {'__typename ' if self.chance(50) else ''}{fragments} }}"

    # --- abstract types --------------------------------------------------------------------------------------------

    def held_by_id(self, subgraph: str) -> list[Entity]:
        return [
            entity
            for entity in self.entities
            if entity.name in self.parts[subgraph] and "id" in self.parts[subgraph][entity.name].fields
        ]

    def abstract_field(self, entity: Entity) -> None:
        """A field of an entity that leads to entities of several types."""
        home = self.random.choice(entity.homes)
        held = [each.name for each in self.held_by_id(home)]
        if not held:
            return
        union, name, pattern = self.fresh("U"), self.fresh("u"), self.random.choice(_PATTERNS)
        members = self.abstract[union] = self.some(held)
        self.part(home, union, "union").members = members
        self.add(home, entity.name, Field(name, pattern.format(union)))
        rows = [row for row in self.rows if row.rpartition("_")[0] in members]
        for row in self.rows_of(entity):
            self.rows[row][name] = self.wrapped(pattern, lambda: self.pick(rows))
        if "[[" not in pattern:
            entity.owned[name] = (home, Field(name, pattern.format(union)))

    def abstract_value(self, entity: Entity) -> None:
        """A field of an entity that leads to value objects of several types."""
        home, name, pattern = self.random.choice(entity.homes), self.fresh("x"), self.random.choice(_PATTERNS)
        types = [self.fresh("X") for _ in range(2)]
        kind = self.random.choice(("union", "interface"))
        above = self.fresh("A")
        part = self.part(home, above, kind)
        for each in types:
            self.add(home, each, Field("same", self.random.choice(("Int", "Int!"))))
            self.add(home, each, Field(self.fresh("p"), self.random.choice(_LEAVES)))
            if kind == "interface":
                self.parts[home][each].interfaces.append(above)
        if kind == "interface":
            part.fields["same"] = Field("same", "Int")
        else:
            part.members = types
        self.add(home, entity.name, Field(name, pattern.format(above)))
        for row in self.rows_of(entity):
            self.rows[row][name] = self.wrapped(pattern, lambda: f"{{ __typename: {self.random.choice(types)} }}")

    def interface(self) -> None:
        name = self.fresh("I")
        chosen_by: dict[str, list[str]] = {}
        for home in self.some(self.subgraphs):
            held = self.held_by_id(home)
            chosen = self.some([entity.name for entity in held]) if held else []
            if not chosen:
                continue
            chosen_by[home] = chosen
            self.part(home, name, "interface").fields["id"] = Field("id", "ID!")
            for each in chosen:
                self.parts[home][each].interfaces.append(name)
            self.abstract_root(home, name, chosen)
        if self.chance(60):
            self.interface_field(name, chosen_by)

    def interface_field(self, name: str, chosen_by: Mapping[str, Sequence[str]]) -> None:
        """A field that every type of an interface has somewhere; of the interface where all have it."""
        types = {each for chosen in chosen_by.values() for each in chosen}
        leaf, strict = self.fresh("i"), self.chance(15)
        holds: dict[str, str] = {}
        for entity in self.entities:
            if entity.name in types:
                holders = [home for home in entity.homes if home in chosen_by] or entity.homes
                home = holds[entity.name] = self.random.choice(holders)
                made = Field(leaf, "String!" if strict and home not in entity.lacking else "String")
                self.add(home, entity.name, made)
                entity.owned[leaf] = (home, Field(leaf, made.type))
        for home, chosen in chosen_by.items():
            if all(holds[each] == home for each in chosen):
                self.parts[home][name].fields[leaf] = Field(leaf, "String")

    def union(self) -> None:
        name = self.fresh("U")
        for home in self.some(self.subgraphs):
            held = [entity.name for entity in self.entities if entity.name in self.parts[home]]
            if held:
                part = self.part(home, name, "union")
                part.members = self.some(held)
                self.abstract_root(home, name, part.members)

    def abstract_root(self, home: str, name: str, types: Sequence[str]) -> None:
        root, pattern = self.fresh("root"), self.random.choice(("{}", "[{}]", "[[{}]]"))
        self.add(home, "Query", Field(root, pattern.format(name)))
        rows = [row for row in self.rows if row.rpartition("_")[0] in types]
        self.rows["Query"][root] = self.wrapped(pattern, lambda: self.pick(rows))

    def interface_object(self) -> None:
        """An interface with a key in one subgraph, and an object of that name in a subgraph that knows no types."""
        home = self.random.choice(self.subgraphs)
        held = [
            entity.name
            for entity in self.held_by_id(home)
            if home in entity.homes
            and home not in entity.lacking
            and any('"id")' in key for key in self.parts[home][entity.name].keys)
        ]
        if not held:
            return
        name, chosen = self.fresh("J"), self.some(held)
        interface = self.part(home, name, "interface")
        interface.keys.append(' @key(fields: "id")')
        interface.fields["id"] = Field("id", "ID!")
        for each in chosen:
            self.parts[home][each].interfaces.append(name)
        self.abstract_root(home, name, chosen)
        self.parts[_OBJECT_OF] = {}
        part = self.part(_OBJECT_OF, name)
        part.directives = " @interfaceObject"
        part.keys.append(' @key(fields: "id")')
        part.fields["id"] = Field("id", "ID!")
        for _ in range(self.between(1, 2)):
            leaf = self.fresh("o")
            part.fields[leaf] = Field(leaf, self.random.choice(_LEAVES))
        if self.chance(50):
            leaf, asking = self.fresh("j"), self.fresh("q")
            interface.fields[leaf] = Field(leaf, "String")
            for each in chosen:
                self.add(home, each, Field(leaf, "String"))
            part.fields[leaf] = Field(leaf, "String", directives=" @external")
            part.fields[asking] = Field(asking, "String", directives=f' @requires(fields: "{leaf}")')
        numbers = iter(range(100))
        for row in [row for row in self.rows if row.rpartition("_")[0] in chosen]:
            self.rows[row]["id"] = f'"j{next(numbers)}"'  # unique across the implementations
        if self.chance(60):
            self.abstract_root(_OBJECT_OF, name, chosen)
        if self.chance(60):
            self.reference_to_interface_object(name, chosen)

    def reference_to_interface_object(self, name: str, chosen: Sequence[str]) -> None:
        """A field of an entity in a subgraph that knows the interface as an object only."""
        homes = [
            (home, entity)
            for entity in self.entities
            for home in entity.homes
            if not any(each in self.parts[home] for each in (name, *chosen))
        ]
        if not homes:
            return
        home, entity = self.random.choice(homes)
        part = self.part(home, name)
        part.directives = " @interfaceObject"
        part.keys.append(' @key(fields: "id")')
        part.fields["id"] = Field("id", "ID!")
        field_name, pattern = self.fresh("r"), self.random.choice(_PATTERNS)
        self.add(home, entity.name, Field(field_name, pattern.format(name)))
        rows = [row for row in self.rows if row.rpartition("_")[0] in chosen]
        for row in self.rows_of(entity):
            self.rows[row][field_name] = self.wrapped(pattern, lambda: self.pick(rows))

    # --- roots -----------------------------------------------------------------------------------------------------

    def roots(self) -> None:
        for entity in self.entities:
            for home in self.some(entity.homes):
                self.entity_root(home, entity)
        for subgraph in self.subgraphs:
            if self.chance(30):
                self.add(subgraph, "Query", Field(self.fresh("root"), "Int", self.random.choice(_ARGUMENTS)))
            if self.chance(40):
                name = self.fresh("do")
                self.add(subgraph, "Mutation", Field(name, "Int"))
                self.rows["Mutation"][name] = "COUNTED"
            possible = [each for each in self.held_by_id(subgraph) if subgraph in each.homes]
            if possible and self.chance(30):
                entity, name = self.random.choice(possible), self.fresh("make")
                rows = [row for row in self.rows_of(entity) if (subgraph, row) not in self.missing]
                self.add(subgraph, "Mutation", Field(name, entity.name, "(id: ID!)"))
                self.rows["Mutation"][name] = f"[{' '.join(rows)}]"

    def entity_root(self, home: str, entity: Entity) -> None:
        root, rows = self.fresh("root"), self.rows_of(entity)
        rows = [row for row in rows if (home, row) not in self.missing]
        pattern, arguments = self.random.choice(
            (("{}", "(id: ID)"), ("{}", ""), ("[{}]", "(first: Int)"), ("[[{}]]", ""))
        )
        if "id" in arguments and "id" in self.parts[home][entity.name].fields:
            self.rows["Query"][root] = f"[{' '.join(rows)}]"
        else:
            arguments = arguments.replace("(id: ID)", "")
            self.rows["Query"][root] = self.wrapped(pattern, lambda: self.pick(rows))
        self.add(home, "Query", Field(root, pattern.format(entity.name), arguments))
        others = [each for each in entity.homes if each != home and each not in entity.lacking]
        if others and home not in entity.lacking and self.chance(20):
            self.parts[home]["Query"].fields[root].directives = " @shareable"
            other = Field(root, pattern.format(entity.name), arguments, " @shareable")
            self.add(self.random.choice(others), "Query", other)

    # --- text ------------------------------------------------------------------------------------------------------

    def subgraph_texts(self) -> Iterator[tuple[str, str]]:
        imports = ", ".join(f'"@{each}"' for each in _IMPORTS)
        link = f'extend schema @link(url: "https://specs.apollo.dev/federation/{VERSION}", import: [{imports}])'
        for name, parts in self.parts.items():
            declared = [str(part) for part in parts.values() if part.fields or part.members]
            if declared:
                yield name, "\n".join([*declared, _SHARED, link])

    def data_text(self) -> str:
        lines = (
            f"{row}: {{ {' '.join(f'{name}: {value}' for name, value in fields.items())} }}"
            for row, fields in self.rows.items()
            if row not in ("Query", "Mutation") or fields
        )
        return "\n".join(lines)


def generate_case(seed: int, size: int) -> Case:
    """A graph with data and no operations yet. `size` from 1 (two entities at most) to about 5."""
    generator = Generator(seed, size)
    generator.make()
    return Case(
        f"seed-{seed}-size-{size}",
        f"Random graph of seed {seed} and size {size}.",
        tuple(generator.subgraph_texts()),
        generator.data_text(),
        tuple(generator.missing),
        (),
    )


def with_operation(case: Case, operation: Operation) -> Case:
    """The same graph, asked one thing."""
    return Case(case.name, case.sentence, case.subgraphs, case.data, case.missing, (operation,))


def case_text(case: Case) -> str:
    """A case as a file of `cases/` has it."""
    lines = [f"# {case.sentence}"]
    for name, sdl in case.subgraphs:
        lines += [f"# subgraph {name}", sdl]
    lines += ["# data", case.data]
    lines += [f"# missing: {subgraph} {row}" for subgraph, row in case.missing]
    for operation in case.operations:
        lines.append(f"# operation {operation.name}")
        if operation.variables:
            lines.append(f"# variables: {json.dumps(dict(operation.variables))}")
        lines.append(operation.document)
    return "\n".join(lines) + "\n"
