"""What may not be composed. A rule is one function that yields problems; its docstring opens with the code it reports.

`RULES` look at the subgraphs as declared, `MERGED_RULES` at the merged types. All rules of a list run, so all their
problems are shown together; the order here is the order of the report.

    fields        field sets of `@key`, `@requires`, `@provides`
    external      `@external`
    sharing       `@shareable`
    override      `@override`
    types         kinds, field types, arguments, inputs, enums
    interfaces    interface fields and keys, `@interfaceObject`
    composed      `@composeDirective` and the directives that move along
    contexts      `@context`, `@fromContext`
    access        `@authenticated`, `@requiresScopes`, `@policy`
    costs         `@cost`, `@listSize`
    inaccessible  `@inaccessible`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hub.compose.merge import Merged
from hub.compose.rules import (
    access,
    composed,
    contexts,
    costs,
    external,
    fields,
    inaccessible,
    interfaces,
    override,
    sharing,
    types,
)
from hub.compose.together import Subgraphs
from hub.errors import Problem

Rule = Callable[[Subgraphs], Iterator[Problem]]
MergedRule = Callable[[Merged], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    types.there_is_a_query,
    types.kinds_agree,
    types.extensions_extend_something,
    fields.key_fields_are_fields,
    fields.key_fields_have_no_arguments,
    fields.key_fields_have_one_shape,
    fields.requires_fields_are_fields,
    fields.requires_fields_are_external,
    fields.provides_stands_on_composite_fields,
    fields.provides_fields_are_fields,
    fields.provides_fields_have_no_arguments,
    fields.provides_fields_are_external,
    external.external_stands_on_object_fields,
    external.external_stands_alone,
    external.external_fields_are_used,
    external.types_are_not_all_unused_external,
    external.external_fields_are_resolved_somewhere,
    external.external_types_agree,
    external.external_arguments_are_present,
    external.external_argument_types_agree,
    external.external_argument_defaults_agree,
    external.external_fields_carry_no_merged_directive,
    override.override_is_from_another,
    override.override_stands_on_object_fields,
    override.override_source_is_not_overriding,
    override.override_stands_alone,
    override.override_labels_are_valid,
    sharing.shareable_stands_on_object_fields,
    sharing.shared_fields_are_shareable,
    sharing.shared_fields_have_common_runtime_types,
    types.field_types_agree,
    types.argument_types_agree,
    types.argument_defaults_agree,
    types.required_arguments_are_everywhere,
    types.input_field_defaults_agree,
    types.required_input_fields_are_everywhere,
    types.merged_inputs_keep_a_field,
    types.merged_enums_keep_a_value,
    types.enum_values_agree,
    interfaces.interface_fields_are_implemented,
    interfaces.interface_keys_are_on_implementations,
    interfaces.interface_keys_know_all_implementations,
    interfaces.interface_objects_stand_for_interfaces,
    composed.composed_directives_are_linked,
    composed.composed_directives_agree,
    composed.composed_applications_agree,
    composed.propagated_directives_have_one_name,
    contexts.context_names_are_valid,
    contexts.contexts_are_referenced,
    contexts.contexts_are_set,
    contexts.context_selections_are_values,
    contexts.contextual_types_have_a_key,
    contexts.contextual_arguments_can_be_left_out,
    contexts.contextual_fields_are_not_selected,
    access.access_stands_on_what_is_resolved,
    access.required_fields_are_no_better_protected,
    costs.cost_stands_on_object_fields,
    costs.list_sizes_are_of_lists,
    costs.assumed_sizes_are_not_negative,
    costs.slicing_arguments_are_numbers,
    costs.sized_fields_are_lists,
)

MERGED_RULES: tuple[MergedRule, ...] = (
    inaccessible.built_in_elements_stay_accessible,
    inaccessible.query_stays_accessible,
    inaccessible.accessible_types_keep_a_child,
    inaccessible.references_are_accessible,
    inaccessible.implementing_fields_are_accessible,
    inaccessible.required_inputs_are_accessible,
    inaccessible.defaults_use_accessible_values,
)
