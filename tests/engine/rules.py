"""Who is given what, read once more: from `schema/policy.toml`, the agreements, and the labels in the subgraphs' SDL.

It shares nothing with `hub.policy` and `hub.authoring.policy`. What the SDL does not say is written here once more from
the declarations: what a total is made of, what an argument is compared with, and how standing weakens along a path.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    StringValueNode,
    parse,
)
from graphql.language import FieldDefinitionNode

from hub.model.viewer import Profile, RecordClass, Standing

Where = tuple[str, str]

SHOW = "show"
DENY = "deny"

WEAKER = (Standing.SELF, Standing.GUARDIAN, Standing.HOUSEHOLD, Standing.OFFICIAL)

GIVES: Mapping[Where, Standing] = {
    ("Query", "me"): Standing.SELF,
    ("Query", "person"): Standing.OFFICIAL,
    ("Query", "people"): Standing.OFFICIAL,
    ("Query", "household"): Standing.OFFICIAL,
    ("Query", "insuranceBook"): Standing.OFFICIAL,
    ("Query", "employer"): Standing.OFFICIAL,
    ("Query", "persons"): Standing.OFFICIAL,
    ("Query", "searchPersons"): Standing.OFFICIAL,
    ("Query", "households"): Standing.OFFICIAL,
    ("Query", "employers"): Standing.OFFICIAL,
    ("Relative", "person"): Standing.HOUSEHOLD,
    ("Ward", "person"): Standing.GUARDIAN,
    ("Household", "members"): Standing.HOUSEHOLD,
    ("HouseholdMember", "person"): Standing.HOUSEHOLD,
    ("HouseholdMember", "participant"): Standing.HOUSEHOLD,
    ("Contribution", "employer"): Standing.OFFICIAL,
    ("Participant", "employer"): Standing.OFFICIAL,
    ("EmployerUnit", "employer"): Standing.OFFICIAL,
    ("Facility", "employer"): Standing.OFFICIAL,
    ("Employer", "participants"): Standing.OFFICIAL,
    ("Employer", "representative"): Standing.OFFICIAL,
}
"""How the reader stands to what a field leads to, where that is not as before."""

_LINE = "Contribution"
MADE_OF: Mapping[Where, tuple[Where, ...]] = {
    ("ContributionTotals", "months"): ((_LINE, "status"), (_LINE, "kinds"), (_LINE, "settled")),
    ("ContributionTotals", "lateMonths"): ((_LINE, "months"), (_LINE, "status")),
    ("ContributionTotals", "unemploymentMonths"): ((_LINE, "status"), (_LINE, "kinds")),
    ("ContributionTotals", "employeeTotal"): ((_LINE, "employeeAmount"), (_LINE, "months"), (_LINE, "status")),
    ("ContributionTotals", "employerTotal"): ((_LINE, "employerAmount"), (_LINE, "months"), (_LINE, "status")),
    ("InsuranceBook", "benefits"): (("BenefitSettlement", "regime"),),
}
"""Fields whose raw values a field is made of: it is given where all of them are shown."""

COMPARED: Mapping[Where, Mapping[str, Where]] = {
    ("Query", "person"): {"personalId": ("Person", "personalId")},
    ("Query", "people"): {"personalIds": ("Person", "personalId")},
    ("Query", "household"): {"householdId": ("Household", "householdId")},
    ("Query", "insuranceBook"): {"bookCode": ("InsuranceBook", "bookCode")},
    ("Query", "employer"): {"taxCode": ("Employer", "taxCode")},
    ("Query", "searchPersons"): {
        "name": ("Person", "fullName"),
        "born": ("Person", "birthDate"),
        "province": ("Address", "province"),
        "number": ("Identifier", "value"),
    },
}
"""What an argument is compared with in the rows behind the field: it may be used where that is shown as it is."""

SEARCHES = {("Query", "searchPersons")}
"""Root fields that can do without each of their arguments."""


STRUCTURE = "STRUCTURE"
"""The label of what lists are made of: it is in no table, and the list's own label decides."""


def is_list_part(name: str) -> bool:
    """Whether a type is a part of lists."""
    return name == "PageInfo" or name.endswith(("Connection", "Edge"))


CLASSES: Mapping[str, tuple[RecordClass, ...]] = {
    "civilian": (RecordClass.CIVILIAN,),
    "defence": (RecordClass.CIVILIAN, RecordClass.DEFENCE),
    "public_security": (RecordClass.CIVILIAN, RecordClass.PUBLIC_SECURITY),
    "all": (RecordClass.CIVILIAN, RecordClass.DEFENCE, RecordClass.PUBLIC_SECURITY),
}


def universe(profile: Profile, standing: Standing) -> tuple[RecordClass, ...]:
    """The classes a reader sees: of himself what he is cleared for, of others what he is cleared for of them."""
    return CLASSES[(profile.own if standing is Standing.SELF else profile.others).value]


def after(standing: Standing | None, where: Where) -> Standing:
    """The standing behind a field; it never becomes stronger. A root field begins with its own."""
    gives = GIVES.get(where)
    if standing is None:
        return gives or Standing.OFFICIAL
    return standing if gives is None else max(standing, gives, key=WEAKER.index)


_COMPOSITE = ObjectTypeDefinitionNode | ObjectTypeExtensionNode | InterfaceTypeDefinitionNode


@dataclass(frozen=True, slots=True)
class _Agreement:
    classes: tuple[str, ...]
    labels: frozenset[str]
    fields: frozenset[str]


class Rules:
    """The table, the agreements and the labels, and the one decision they make together."""

    def __init__(self, policy: Path, agreements: Iterable[Path], subgraphs: Iterable[str]) -> None:
        self.cells: Mapping[str, Any] = tomllib.loads(policy.read_text(encoding="utf-8"))
        self.agreements = {path.stem: _agreement(path) for path in agreements}
        self.labels: dict[Where, str] = {}
        self.structure: set[Where] = set()
        self.interfaces: dict[str, tuple[str, ...]] = {}
        for sdl in subgraphs:
            for node in parse(sdl).definitions:
                if isinstance(node, _COMPOSITE):
                    self.interfaces.setdefault(node.name.value, tuple(one.name.value for one in node.interfaces or ()))
                    for field in node.fields or ():
                        label = _label(field)
                        if label == STRUCTURE:
                            self.structure.add((node.name.value, field.name.value))
                        elif label is not None:
                            self.labels[node.name.value, field.name.value] = label

    def effect(self, profile: Profile, standing: Standing, where: Where, of: RecordClass) -> str:
        """What is given of a field in rows of a class: the strictest of all that has a say."""
        if of not in universe(profile, standing):
            return DENY
        if is_list_part(where[0]):
            return SHOW
        said = [word for one in self.family(where) for word in self._said(profile, standing, one, of)]
        said += [DENY for one in MADE_OF.get(where, ()) if self.effect(profile, standing, one, of) != SHOW]
        if where[1] == "recordClass" and len(universe(profile, standing)) == 1:
            said.append(DENY)
        narrowed = {word for word in said if word != SHOW}
        if not narrowed:
            return SHOW
        return narrowed.pop() if len(narrowed) == 1 else DENY

    def given(self, profile: Profile, standing: Standing, where: Where) -> Mapping[RecordClass, str]:
        """The effect in each class of the universe."""
        return {of: self.effect(profile, standing, where, of) for of in universe(profile, standing)}

    def shown(self, profile: Profile, standing: Standing | None, where: Where) -> bool:
        """Whether anything is given of a field in some class."""
        at = after(None, where) if standing is None else standing
        return any(effect != DENY for effect in self.given(profile, at, where).values())

    def comparable(self, profile: Profile, standing: Standing | None, where: Where, argument: str) -> bool:
        """Whether a field may be asked with the argument."""
        target = COMPARED.get(where, {}).get(argument)
        return target is None or set(self.given(profile, after(standing, where), target).values()) == {SHOW}

    def usable(self, profile: Profile, standing: Standing | None, where: Where) -> bool:
        """Whether a field is shown and may be asked with what it cannot do without: the keys of a look-up."""
        needed = COMPARED.get(where, ()) if where[0] == "Query" and where not in SEARCHES else ()
        return self.shown(profile, standing, where) and all(
            self.comparable(profile, standing, where, argument) for argument in needed
        )

    def family(self, where: Where) -> list[Where]:
        """The field, and the same on interfaces of its type; of an interface's field, on all that implement it."""
        name, field = where
        of = self.interfaces.get(name, ())
        implementing = [other for other, interfaces in self.interfaces.items() if name in interfaces]
        return [where, *((one, field) for one in (*of, *implementing) if (one, field) in self.labels)]

    def _said(self, profile: Profile, standing: Standing, where: Where, of: RecordClass) -> Iterator[str]:
        label = self.labels[where]
        cell = self.cells.get(profile.audience.value, {}).get(standing.value, {}).get(label, DENY)
        yield cell if isinstance(cell, str) else cell.get(of.value, DENY)
        if profile.audience.value == "partner":
            agreement = self.agreements[str(profile.agreement)]
            names = {where[0], *self.interfaces.get(where[0], ())}
            shared = label in agreement.labels or any(f"{name}.{where[1]}" in agreement.fields for name in names)
            yield SHOW if shared and of.value in agreement.classes else DENY


def _agreement(path: Path) -> _Agreement:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return _Agreement(
        tuple(content["classes"]), frozenset(content.get("labels", ())), frozenset(content.get("fields", ()))
    )


def _label(field: FieldDefinitionNode) -> str | None:
    for directive in field.directives or ():
        if directive.name.value == "label":
            (argument,) = directive.arguments or ()
            assert isinstance(argument.value, StringValueNode)
            return argument.value.value
    return None


# Masks

# White space as Unicode has it; Python counts four control characters more.
_BLANK = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


@dataclass(frozen=True, slots=True)
class Masks:
    """What stands in the place of a value. `secret` and the reader's agreement or project make his pseudonyms."""

    secret: bytes

    def masked(self, effect: str, value: str, profile: Profile) -> str:
        """The masked text of a text."""
        match effect.removeprefix("mask:"):
            case "last-four":
                # Of a short value four characters would be too much.
                return "*" * max(len(value) - 4, 4) + (value[-4:] if len(value) >= 8 else "****")
            case "initials":
                return "".join(f"{word[0]}." for word in _BLANK.split(value) if word)
            case "year":
                return value[:4]
            case "province":
                return value[:2] + "*" * (len(value) - 2)
            case "pseudonym":
                return self.pseudonym(value, profile)
            case "card-number":
                return value[-10:]
            case other:
                raise AssertionError(f"`{other}` is no mask that is known here")

    def pseudonym(self, value: str, profile: Profile) -> str:
        """HMAC-SHA-256 under a key of the agreement or project, cut to 32 hexadecimal digits."""
        name = f"agreement {profile.agreement}" if profile.agreement else f"project {profile.project}"
        key = hmac.new(self.secret, f"pseudonym v1 {name}".encode(), hashlib.sha256).digest()
        return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:32]
