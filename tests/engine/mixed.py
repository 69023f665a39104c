"""A graph of both kinds: one register in this process, and remote subgraphs beside it over real HTTP.

The register is the country's population, with fewer fields and a policy table of its own. `vaccines` tells the class of
its rows, `honours` is the defence ministry's, `regions` is civilian and home of what the register links to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.authoring import Key, Source, Standing, column, declare, link, lookup, read_remotes, rows, viewer_lookup
from hub.engine import Engine, open_engine
from hub.errors import BuildFailed
from hub.model.graph import DeclaredGraph
from hub.settings import Settings
from schema.population import BY_NUMBER
from schema.scalars import Code, PersonalId
from tests.engine import oddities
from tests.federation.server import Bench, Server
from tests.policy.small import table

ISSUER = "the-hub"


class Labels(StrEnum):
    OPEN = "OPEN"
    POST = "POST"
    LAST = "LAST"
    SECRET = "SECRET"


CELLS = {"OPEN": "show", "POST": "show deny deny", "LAST": "mask:last-four show deny", "SECRET": "deny"}
HOUSEHOLD = {"OPEN": "show", "POST": "deny", "LAST": "deny", "SECRET": "deny"}
L = Labels


@cache
def register() -> Source:
    """The register in this process."""
    source = Source("population")

    @source.extension("Region", Key(("code",), ("code",)))
    class Region:
        """A region (vùng), known here by its code."""

        code: Code | None = column(label=L.OPEN, says="Its code (mã).")

    @source.row
    class Relative:
        """A relative (thân nhân)."""

        person: Person | None = link(
            {"personalId": "personal_id"}, gives=Standing.HOUSEHOLD, label=L.OPEN, says="The relative (người thân)."
        )

    @source.entity("person", BY_NUMBER)
    class Person:
        """A person (công dân)."""

        personal_id: PersonalId | None = column(label=L.OPEN, says="Personal number (số định danh cá nhân).")
        full_name: str = column(label=L.OPEN, says="Full name (họ và tên).")
        occupation: str | None = column(label=L.POST, says="Occupation (nghề nghiệp).")
        secret: str | None = column("middle_name", label=L.SECRET, says="Nobody reads it (không ai đọc).")
        region: Region | None = link(
            {"code": "residence_province_code"}, gives=None, label=L.OPEN, says="Where he lives (nơi ở)."
        )
        relatives: list[Relative] = rows(
            "relative", {"person_id": "id"}, order=("relation", "id"), label=L.OPEN, says="Relatives (thân nhân)."
        )

    @source.root
    class Query:
        """Where a query starts."""

        me: Person | None = viewer_lookup(key=("personalId",), label=L.OPEN, says="The reader (tôi).")

        @lookup(key=("personalId",), label=L.OPEN, says="A person (công dân).")
        def person(self, personal_id: PersonalId) -> Person | None: ...

    # Strawberry finds the names of these classes among those of this module.
    for one in (Region, Relative, Person):
        globals()[one.__name__] = one
    return source


IMPORTS = "@key @external @requires @shareable @composeDirective @context @fromContext"
HEAD = f"""
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.8", import: [{", ".join(f'"{one}"' for one in IMPORTS.split())}])
  @link(url: "https://social-insurance-hub.example/label/v1.0", import: ["@label"])
  @composeDirective(name: "@label")
directive @label(name: String!) on FIELD_DEFINITION
scalar PersonalId
scalar Code
"""
VACCINES = f"""{HEAD}
type Query {{
  vaccination(id: ID!): Vaccination @label(name: "OPEN")
  campaign(id: ID!): Campaign @label(name: "OPEN")
  unsaid(lot: String): [Vaccination!] @label(name: "OPEN")
}}
type Person @key(fields: "personalId") {{
  personalId: PersonalId!
  occupation: String @external
  vaccinations: [Vaccination!] @label(name: "OPEN")
  dueFor: Due @requires(fields: "occupation") @label(name: "OPEN")
}}
type Due @key(fields: "id") {{ id: ID! keptBy: String! reason: String @label(name: "OPEN") }}
type Vaccination @key(fields: "id") {{
  id: ID!
  keptBy: String!
  vaccine: String @label(name: "OPEN")
  lot: Code @label(name: "LAST")
  remark: String @label(name: "POST")
  unlabelled: String
  site: Site @label(name: "OPEN")
  given: Person @label(name: "OPEN")
}}
type Site {{ name: String @label(name: "OPEN") remark: String @label(name: "POST") }}
type Campaign @key(fields: "id") {{
  id: ID! @label(name: "OPEN")
  keptBy: String!
  people: [Person!]! @label(name: "OPEN")
}}
"""
HONOURS = f"""{HEAD}
type Person @key(fields: "personalId") {{ personalId: PersonalId! honours: [Honour!] @label(name: "OPEN") }}
type Honour {{ title: String @label(name: "OPEN") }}
"""
REGIONS = f"""{HEAD}
type Query {{ regions: [Region!] @label(name: "OPEN") }}
type Region @key(fields: "code") {{ code: Code name: String lot: Code @label(name: "LAST") }}
"""
FILES: Mapping[str, tuple[str, str]] = {
    "vaccines": (
        VACCINES,
        """class_field = "keptBy"
[labels]
"Vaccination.id" = "OPEN"
[standings]
"Person.vaccinations" = "same"
"Person.dueFor" = "same"
[arguments]
"Query.vaccination(id:)" = "Vaccination.id"
"Query.campaign(id:)" = "nothing"
""",
    ),
    "honours": (HONOURS, 'class = "defence"\n'),
    "regions": (REGIONS, 'class = "civilian"\n[labels]\n"Region.name" = "OPEN"\n'),
}

CIVILIAN, HIDDEN, THREEFOLD = oddities.RENEWED, oddities.DEFENCE_ONLY, oddities.THREEFOLD


def data() -> dict[str, dict[str, Any]]:
    """Rows of every class, one of a class that nobody knows, and links to people of every class."""
    found: dict[str, dict[str, Any]] = {
        "Vaccination_1": {
            "keptBy": "CIVILIAN",
            "vaccine": "MMR",
            "lot": "1234567890",
            "remark": "plain",
            "given": "Person_c",
            "site": {"name": "a ward", "remark": "a"},
        },
        "Vaccination_2": {
            "keptBy": "defence",
            "vaccine": "JE",
            "lot": "2234567890",
            "remark": "barracks",
            "given": "Person_h",
            "site": {"name": "a barracks", "remark": "b"},
        },
        "Vaccination_3": {"keptBy": "martian", "vaccine": "X", "lot": "3234567890", "given": "Person_c"},
        "Vaccination_4": {
            "keptBy": "PUBLIC_SECURITY",
            "vaccine": "HB",
            "lot": "4234567890",
            "remark": "post",
            "given": "Person_h",
            "site": {"name": "a post", "remark": "c"},
        },
        "Person_c": {
            "personalId": CIVILIAN,
            "vaccinations": [f"Vaccination_{n}" for n in range(1, 5)],
            "dueFor": "Due_1",
            "honours": [{"title": "First"}],
        },
        "Person_h": {
            "personalId": HIDDEN,
            "vaccinations": ["Vaccination_2"],
            "dueFor": "Due_2",
            "honours": [{"title": "Second"}],
        },
        "Person_t": {"personalId": THREEFOLD, "vaccinations": ["Vaccination_1"], "dueFor": "Due_1", "honours": []},
        "Due_1": {"keptBy": "civilian", "reason": "age"},
        "Due_2": {"keptBy": "defence", "reason": "service"},
        "Campaign_1": {"keptBy": "civilian", "people": ["Person_c", "Person_h", "Person_t"]},
        "Campaign_2": {"keptBy": "defence", "people": ["Person_h"]},
        **{
            f"Person_{number}": {"personalId": number, "vaccinations": []}
            for number in oddities.NUMBERS
            if number not in (CIVILIAN, HIDDEN, THREEFOLD)
        },
        "Query": {
            "vaccination": [f"Vaccination_{n}" for n in range(1, 5)],
            "campaign": ["Campaign_1", "Campaign_2"],
            "unsaid": ["Vaccination_1"],
        },
    }
    return found


@dataclass(frozen=True, slots=True)
class Mixed:
    """The remote subgraphs while they are served, and a folder that declares them."""

    bench: Bench
    folder: Path


@contextmanager
def served(server: Server, folder: Path, regions: Mapping[str, str]) -> Iterator[Mixed]:
    """Serves the subgraphs; `regions` are code -> name."""
    rows = data()
    for number, (code, name) in enumerate(regions.items()):
        rows[f"Region_{number}"] = {"code": code, "name": name, "lot": "9876543210"}
    rows["Query"]["regions"] = [name for name in rows if name.startswith("Region_")]
    bench = server.serve([(name, sdl) for name, (sdl, _) in FILES.items()], data=rows)
    for name, (sdl, says) in FILES.items():
        write(folder, name, sdl, f'url = "{bench.urls[name]}"\nsdl = "{name}.graphql"\ndeadline = 1.5\n{says}')
    try:
        yield Mixed(bench, folder)
    finally:
        server.forget(bench)


def write(folder: Path, name: str, sdl: str, says: str) -> None:
    (folder / f"{name}.graphql").write_text(sdl)
    (folder / f"{name}.toml").write_text(says)


def graph(folder: Path) -> DeclaredGraph:
    """The register with the remote subgraphs of a folder."""
    policy = table(CELLS, citizen_household=HOUSEHOLD)
    files, wrong = read_remotes(folder, policy.labels, ["population"])
    if wrong:
        raise BuildFailed(wrong)
    return declare([register()], policy, {}, [], files)


def open_mixed(folder: Path, settings: Settings, key: Path) -> Engine:
    return open_engine(graph(folder), replace(settings, assertion_key=key, assertion_issuer=ISSUER))


def write_key(folder: Path) -> Path:
    """A private key for assertions."""
    plain = serialization.NoEncryption()
    content = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain
    )
    (folder / "hub.pem").write_bytes(content)
    return folder / "hub.pem"
