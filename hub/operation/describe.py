"""A normalised operation as text: one line a field, indented; types where several may stand."""

from __future__ import annotations

from collections.abc import Iterator

from hub.model.operation import Argument, Constant, Field, ListValue, ObjectValue, Operation, Part, Variable


def describe(operation: Operation) -> str:
    """The operation, as `hub operation` prints it."""
    lines = [f"query {operation.name}".rstrip()]
    lines += [f"  {line}" for field in operation.fields for line in _field(field)]
    return "\n".join(lines)


def _field(field: Field) -> Iterator[str]:
    arguments = ", ".join(f"{name}: {_argument(argument)}" for name, argument in field.arguments)
    name = field.name if field.key == field.name else f"{field.key}: {field.name}"
    yield f"{name}{f'({arguments})' if arguments else ''}: {field.type}"
    if field.selection is not None:
        for concrete, fields in field.selection.cases.items():
            indent = "  "
            if len(field.selection.cases) > 1:
                yield f"  ... on {concrete}"
                indent = "    "
            for inner in fields:
                yield from (indent + line for line in _field(inner))


def _argument(argument: Argument) -> str:
    match argument:
        case Constant(value):
            return repr(value)
        case Variable(name):
            return f"${name}"
        case Part(name, path):
            return f"${'.'.join((name, *map(str, path)))}"
        case ListValue(items):
            return f"[{', '.join(_argument(item) for item in items)}]"
        case ObjectValue(fields):
            return f"{{{', '.join(f'{name}: {_argument(item)}' for name, item in fields)}}}"
