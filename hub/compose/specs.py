"""What the specifications define: versions, directives and types, each with the version that brought it.

Source: Federation subgraph specification v2.0 to v2.12; link v1.0; join v0.5; tag v0.3; inaccessible v0.2;
authenticated, requiresScopes, policy, cost and context v0.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Version = tuple[int, int]

LINK = "https://specs.apollo.dev/link"
FEDERATION = "https://specs.apollo.dev/federation"
JOIN = "https://specs.apollo.dev/join"

FEDERATION_VERSIONS = tuple((2, minor) for minor in range(13))
LINK_VERSIONS = ((1, 0),)

KEY = "federation__key"
REQUIRES = "federation__requires"
PROVIDES = "federation__provides"
EXTERNAL = "federation__external"
SHAREABLE = "federation__shareable"
EXTENDS = "federation__extends"
OVERRIDE = "federation__override"
INTERFACE_OBJECT = "federation__interfaceObject"
COMPOSE_DIRECTIVE = "federation__composeDirective"
INACCESSIBLE = "federation__inaccessible"
TAG = "federation__tag"
AUTHENTICATED = "federation__authenticated"
REQUIRES_SCOPES = "federation__requiresScopes"
POLICY = "federation__policy"
COST = "federation__cost"
LIST_SIZE = "federation__listSize"
CONTEXT = "federation__context"
FROM_CONTEXT = "federation__fromContext"


@dataclass(frozen=True, slots=True)
class SpecDirective:
    """A directive of the federation specification; `definition` has `{Type}` where a type of it may be renamed."""

    since: Version
    definition: str


_ACCESS = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"
_MARKED = (
    "FIELD_DEFINITION | INTERFACE | OBJECT | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT"
    " | INPUT_FIELD_DEFINITION"
)

DIRECTIVES: Mapping[str, SpecDirective] = {
    "key": SpecDirective((2, 0), "(fields: {FieldSet}!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE"),
    "requires": SpecDirective((2, 0), "(fields: {FieldSet}!) on FIELD_DEFINITION"),
    "provides": SpecDirective((2, 0), "(fields: {FieldSet}!) on FIELD_DEFINITION"),
    "external": SpecDirective((2, 0), "(reason: String) on OBJECT | FIELD_DEFINITION"),
    "shareable": SpecDirective((2, 0), " repeatable on OBJECT | FIELD_DEFINITION"),
    "extends": SpecDirective((2, 0), " on OBJECT | INTERFACE"),
    "override": SpecDirective((2, 0), "(from: String!, label: String) on FIELD_DEFINITION"),
    "tag": SpecDirective((2, 0), f"(name: String!) repeatable on {_MARKED} | SCHEMA"),
    "inaccessible": SpecDirective((2, 0), f" on {_MARKED}"),
    "composeDirective": SpecDirective((2, 1), "(name: String!) repeatable on SCHEMA"),
    "interfaceObject": SpecDirective((2, 3), " on OBJECT"),
    "authenticated": SpecDirective((2, 5), f" on {_ACCESS}"),
    "requiresScopes": SpecDirective((2, 5), f"(scopes: [[{{Scope}}!]!]!) on {_ACCESS}"),
    "policy": SpecDirective((2, 6), f"(policies: [[{{Policy}}!]!]!) on {_ACCESS}"),
    "context": SpecDirective((2, 8), "(name: String!) repeatable on INTERFACE | OBJECT | UNION"),
    "fromContext": SpecDirective((2, 8), "(field: {ContextFieldValue}) on ARGUMENT_DEFINITION"),
    "cost": SpecDirective(
        (2, 9),
        "(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
    ),
    "listSize": SpecDirective(
        (2, 9),
        "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],"
        " requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    ),
    "cacheTag": SpecDirective((2, 12), "(format: String!) repeatable on OBJECT | FIELD_DEFINITION"),
}

TYPES: Mapping[str, Version] = {
    "FieldSet": (2, 0),
    "Scope": (2, 5),
    "Policy": (2, 6),
    "ContextFieldValue": (2, 8),
}

FED1_DIRECTIVES = ("key", "requires", "provides", "external", "extends", "tag")


@dataclass(frozen=True, slots=True)
class PropagatedSpec:
    """A specification whose one directive moves from subgraphs to the supergraph, and how it is linked there.

    `types` are its scalars, `beside` its other directives, part of it and never applied in a supergraph.
    """

    canonical: str
    element: str
    url: str
    purpose: str | None
    definition: str
    types: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


PROPAGATED: tuple[PropagatedSpec, ...] = (
    PropagatedSpec(
        TAG, "tag", "https://specs.apollo.dev/tag/v0.3", None, f"(name: String!) repeatable on {_MARKED} | SCHEMA"
    ),
    PropagatedSpec(
        INACCESSIBLE, "inaccessible", "https://specs.apollo.dev/inaccessible/v0.2", "SECURITY", f" on {_MARKED}"
    ),
    PropagatedSpec(
        AUTHENTICATED, "authenticated", "https://specs.apollo.dev/authenticated/v0.1", "SECURITY", f" on {_ACCESS}"
    ),
    PropagatedSpec(
        REQUIRES_SCOPES,
        "requiresScopes",
        "https://specs.apollo.dev/requiresScopes/v0.1",
        "SECURITY",
        f"(scopes: [[requiresScopes__Scope!]!]!) on {_ACCESS}",
        ("requiresScopes__Scope",),
    ),
    PropagatedSpec(
        POLICY,
        "policy",
        "https://specs.apollo.dev/policy/v0.1",
        "SECURITY",
        f"(policies: [[policy__Policy!]!]!) on {_ACCESS}",
        ("policy__Policy",),
    ),
    PropagatedSpec(COST, "cost", "https://specs.apollo.dev/cost/v0.1", None, DIRECTIVES["cost"].definition),
    PropagatedSpec(
        LIST_SIZE, "listSize", "https://specs.apollo.dev/cost/v0.1", None, DIRECTIVES["listSize"].definition
    ),
    PropagatedSpec(
        CONTEXT,
        "context",
        "https://specs.apollo.dev/context/v0.1",
        "SECURITY",
        DIRECTIVES["context"].definition,
        ("context__ContextFieldValue",),
        ("directive @context__fromContext(field: context__ContextFieldValue) on ARGUMENT_DEFINITION",),
    ),
)

STANDALONE: Mapping[str, tuple[str, ...]] = {
    "https://specs.apollo.dev/tag": ("tag",),
    "https://specs.apollo.dev/inaccessible": ("inaccessible",),
    "https://specs.apollo.dev/authenticated": ("authenticated",),
    "https://specs.apollo.dev/requiresScopes": ("requiresScopes",),
    "https://specs.apollo.dev/policy": ("policy",),
    "https://specs.apollo.dev/cost": ("cost", "listSize"),
    "https://specs.apollo.dev/context": ("context", "fromContext"),
}
"""Specifications of their own whose directives the federation specification has too."""
