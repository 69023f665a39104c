"""Supergraph x policy table -> RuleBook: the label of every field, what each label gives, how standing flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import GraphQLInterfaceType, GraphQLObjectType

from hub.errors import BuildFailed, Problem
from hub.model.graph import PolicyTable, Transition
from hub.model.supergraph import Supergraph
from hub.model.viewer import Audience, Standing

# INVARIANT: from strong to weak; along a path the index never falls.
STANDINGS = (Standing.SELF, Standing.HOUSEHOLD, Standing.OFFICIAL)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """What the deciding needs: labels by (type, field), the table, the transitions."""

    labels: Mapping[tuple[str, str], str]
    policy: PolicyTable
    transitions: Mapping[tuple[str, str], Transition]

    def shows(self, audience: Audience, standing: Standing, type_name: str, field_name: str) -> bool:
        """Whether the field is shown to the audience at this standing. Anything unknown is not."""
        label = self.labels.get((type_name, field_name))
        return label is not None and label in self.policy.shown.get((audience, standing), frozenset())

    def standing_after(self, standing: Standing | None, type_name: str, field_name: str) -> Standing:
        """The standing below a field; it only weakens. A root field without a transition is official."""
        transition = self.transitions.get((type_name, field_name))
        if standing is None:
            return transition.to if transition else Standing.OFFICIAL
        if transition is None:
            return standing
        return max(standing, transition.to, key=STANDINGS.index)


def rulebook(
    supergraph: Supergraph, policy: PolicyTable, transitions: Mapping[tuple[str, str], Transition]
) -> RuleBook:
    """The rule book of a composed graph; `BuildFailed` names every field without a label."""
    labels: dict[tuple[str, str], str] = {}
    problems: list[Problem] = []
    for type_name, graphql_type in supergraph.api.type_map.items():
        if type_name.startswith("__") or not isinstance(graphql_type, (GraphQLObjectType, GraphQLInterfaceType)):
            continue
        for field_name in graphql_type.fields:
            applied = supergraph.applied.get(f"{type_name}.{field_name}", ())
            label = next((str(one.arguments["name"]) for one in applied if one.name == "label"), None)
            if label is None:
                problems.append(
                    Problem(
                        "LABEL_MISSING",
                        f"{type_name}.{field_name}",
                        "has no label",
                        "give it one of the labels of the policy table",
                    )
                )
            elif label not in policy.labels:
                problems.append(
                    Problem("LABEL_UNKNOWN", f"{type_name}.{field_name}", f"label `{label}` is not in the policy table")
                )
            else:
                labels[type_name, field_name] = label
    if problems:
        raise BuildFailed(problems)
    return RuleBook(labels, policy, transitions)
