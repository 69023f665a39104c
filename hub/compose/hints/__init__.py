"""What composes and is probably not meant: warnings beside the supergraph.

Takes the subgraphs as declared, which no rule found wrong; gives hints. A function yields the hints of one
kind; its docstring opens with their code. The order here is the order of the report.

    hint        the value
    types       fields, arguments and inputs that differ, values and members that only some subgraphs have
    unused      types that nothing refers to
    overrides   `@override` that has done its work
    texts       descriptions
    directives  executable directives, and applications that were merged

Decided: hints change nothing of the graph and stand in no supergraph. Because: the same subgraphs must give the same
supergraph, whoever looks at the warnings. Rejected: levels of hints; one that nobody acts on is not given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hub.compose.hints import directives, overrides, texts, types, unused
from hub.compose.hints.hint import Hint
from hub.compose.together import Subgraphs

HintRule = Callable[[Subgraphs], Iterator[Hint]]

HINTS: tuple[HintRule, ...] = (
    types.field_types_differ,
    types.argument_types_differ,
    types.defaults_are_missing,
    types.optional_arguments_are_missing,
    types.contextual_arguments_are_given_elsewhere,
    types.input_fields_are_missing,
    types.input_enum_values_are_missing,
    types.output_enum_values_are_missing,
    types.union_members_are_missing,
    types.value_type_fields_are_missing,
    types.interface_fields_are_missing,
    types.entities_lack_a_key,
    types.shared_runtime_types_differ,
    unused.enums_are_unused,
    unused.interfaces_are_unused,
    overrides.override_sources_are_unknown,
    overrides.overrides_have_nothing_to_override,
    overrides.overridden_fields_can_go,
    overrides.overrides_are_under_way,
    texts.descriptions_differ,
    directives.executable_directives_are_missing,
    directives.executable_directives_share_no_location,
    directives.executable_locations_differ,
    directives.executable_repeatability_differs,
    directives.applications_were_merged,
)

__all__ = ["HINTS", "Hint", "HintRule"]
