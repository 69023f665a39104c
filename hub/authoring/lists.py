"""SDL x mapping -> the same SDL with its lists as connections, and what their types stand on.

A field declared with `connection` becomes a Relay connection: `nodes`, `edges { cursor node }`, `pageInfo`,
`totalCount`, asked by `first`/`after`, `last`/`before`, `where` and `order`. Filters mirror the object they filter: a
field of the row takes the operators of its scalar, an object in the row its own filter, rows of another table a
condition on one, all or none of them. An input is there for what a declaration says lists may be asked `by`.

Source: Relay, "GraphQL Cursor Connections Specification".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    DefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeNode,
    get_named_type,
    get_nullable_type,
    parse,
    print_ast,
)

from hub.model.effect import Effect
from hub.model.graph import Compared, Coordinate
from hub.model.mapping import (
    By,
    Column,
    Embedded,
    Form,
    KeyColumns,
    ListPart,
    Reference,
    Rows,
    SourceMapping,
    TypeMapping,
)

CURSOR = "Cursor"
# The label of what a list is made of: the label of the list itself decides. Another hub reads it in the SDL.
STRUCTURE = "STRUCTURE"
ROOT = "Query"

_SHARED = '''
"""Where a row stands in a list (con trỏ trang). Sealed: only the list that gave it understands it."""
scalar Cursor

"""What is before and behind a page (thông tin trang)."""
type PageInfo @shareable {
  """Whether rows follow (còn trang sau)."""
  hasNextPage: Boolean! @label(name: "STRUCTURE")
  """Whether rows go before (còn trang trước)."""
  hasPreviousPage: Boolean! @label(name: "STRUCTURE")
  """The cursor of the first row (con trỏ đầu trang)."""
  startCursor: Cursor @label(name: "STRUCTURE")
  """The cursor of the last row (con trỏ cuối trang)."""
  endCursor: Cursor @label(name: "STRUCTURE")
}
'''

_DIRECTION = '''
"""A direction, and where rows without a value stand (chiều sắp xếp)."""
enum OrderDirection {
  """Rising; rows without a value last (tăng dần)."""
  ASC
  """Falling; rows without a value last (giảm dần)."""
  DESC
  """Rising; rows without a value first."""
  ASC_NULLS_FIRST
  """Falling; rows without a value first."""
  DESC_NULLS_FIRST
}
'''

_PAGE_INFO = ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")

# Operators of a filter: name -> (type in terms of the scalar, what it says).
_EQ = {"eq": ("{0}", "Equal to (bằng)."), "in": ("[{0}!]", "One of (thuộc danh sách).")}
_RANGE = {
    "from": ("{0}", "Not before, not less than (từ)."),
    "to": ("{0}", "Not behind, not more than (đến)."),
}
_IS_NULL = {"isNull": ("Boolean", "Without a value, or with one (không có giá trị).")}
_PREFIX = {"prefix": ("String", "Begins with these very characters (bắt đầu bằng).")}
_UNDER = {"under": ("{0}", "This code or one below it, which begins with it (mã này và các mã con).")}
_WITHIN = {"within": ("{0}", "In this year, month or day (trong năm, tháng, ngày).")}
_HAS = {
    "has": ("{0}", "Holds it (có)."),
    "hasAny": ("[{0}!]", "Holds one of them (có một trong)."),
    "hasAll": ("[{0}!]", "Holds all of them (có tất cả)."),
}
_BY_NAME: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Code": _EQ | _UNDER | _IS_NULL,
    "PartialDate": _EQ | _WITHIN | _RANGE | _IS_NULL,
    "Boolean": {"eq": _EQ["eq"]} | _IS_NULL,
    "Date": _EQ | _RANGE | _IS_NULL,
    "DateTime": _EQ | _RANGE | _IS_NULL,
    "Month": _EQ | _RANGE | _IS_NULL,
}
_BY_FORM: Mapping[Form, Mapping[str, tuple[str, str]]] = {
    Form.NUMBER: _EQ | _RANGE | _IS_NULL,
    Form.TEXT: _EQ | _PREFIX | _IS_NULL,
    Form.PLAIN_LIST: _HAS,
}
_LIST = {
    "some": ("{0}", "One row at least meets it (có ít nhất một)."),
    "every": ("{0}", "All rows meet it (tất cả đều)."),
    "none": ("{0}", "No row meets it (không có)."),
}

# What is known of somebody who is searched: argument -> (type, what it says).
_SEARCH = {
    "name": (
        "String",
        "Name or its beginning, with or without diacritics, in either order (họ tên).",
    ),
    "born": ("PartialDate", "Born in this year or month, or on this day (ngày sinh)."),
    "province": ("Code", "Province of permanent residence (tỉnh thường trú)."),
    "number": ("String", "A number he is or was known by: old identity card, passport, insurance (số giấy tờ)."),
}

_ALONG = " In a list of a whole register: only along with a condition without this remark (kèm điều kiện khác)."

# A date masked to its year is compared by the year.
_SEEN_THROUGH = frozenset({Effect.YEAR})


@dataclass(slots=True)
class Listed:
    """What connections add to a source: its SDL, its mapping, and what inputs stand for."""

    sdl: str
    mapping: SourceMapping
    compared: dict[Coordinate, Compared] = field(default_factory=dict)
    structure: set[Coordinate] = field(default_factory=set)
    lists: set[Coordinate] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Described:
    """A source before its lists are written."""

    sdl: str
    mapping: SourceMapping
    schema: GraphQLSchema
    leads_to: Mapping[Coordinate, str]

    def lists(self) -> Mapping[Coordinate, Rows]:
        """Its fields that are read in pages."""
        return {
            (type_name, name): mapped
            for type_name, of in self.mapping.types.items()
            for name, mapped in of.fields.items()
            if isinstance(mapped, Rows) and mapped.page is not None
        }


def with_lists(source: Described, sources: Sequence[Described]) -> Listed:
    """The source with its lists as connections; itself where it has none."""
    listed = Listed(source.sdl, source.mapping, lists=set(source.lists()))
    if listed.lists:
        _Writer(listed, source, sources).write()
    return listed


class _Writer:
    """Writes connections into one source."""

    def __init__(self, listed: Listed, source: Described, sources: Sequence[Described]) -> None:
        self.listed = listed
        self.source = source
        self.lists = source.lists()
        self.leads_to = source.leads_to
        self.types = source.mapping.types
        # Entities that have a list of their own somewhere: what links to them can be filtered by what they are.
        self.listable = {one.leads_to[where]: one for one in sources for where in one.lists() if where[0] == ROOT}
        self.written: dict[str, str] = {}

    def write(self) -> None:
        nodes = sorted({self.leads_to[where] for where in self.lists})
        made: dict[str, TypeMapping] = {"PageInfo": _parts("PageInfo", _PAGE_INFO)}
        self.written["PageInfo"] = _SHARED
        for node in nodes:
            self.connection(node)
            made[f"{node}Connection"] = _parts(f"{node}Connection", ("nodes", "edges", "pageInfo", "totalCount"))
            made[f"{node}Edge"] = _parts(f"{node}Edge", ("cursor", "node"))
        arguments = {where: self.arguments(self.leads_to[where], mapped) for where, mapped in self.lists.items()}
        document = parse(self.listed.sdl)
        definitions = [
            _changed(node, fields=tuple(self.field(node.name.value, one, arguments) for one in node.fields or ()))
            if isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode)
            else node
            for node in document.definitions
        ]
        added = parse("\n".join(self.written.values())).definitions
        known = {node.name.value for node in document.definitions if isinstance(node, TypeDefinitionNode)}
        self.listed.sdl = print_ast(DocumentNode(definitions=(*definitions, *added, *self.missing(added, known))))
        root = self.types.get(ROOT)
        others = {ROOT: replace(root, keys=(KeyColumns((), (), ()),))} if root is not None else {}
        self.listed.mapping = replace(self.listed.mapping, types={**self.types, **others, **made})
        self.listed.structure = {(name, one) for name, of in made.items() for one in of.fields}

    def missing(self, added: Iterable[DefinitionNode], known: AbstractSet[str]) -> Iterator[DefinitionNode]:
        """Scalars and enums that filters of other sources' entities name, as those sources define them."""
        wanted = {
            _type_name(item.type)
            for node in added
            if isinstance(node, InputObjectTypeDefinitionNode)
            for item in node.fields or ()
        } - known
        for home in self.listable.values():
            for node in parse(home.sdl).definitions:
                if isinstance(node, ScalarTypeDefinitionNode | EnumTypeDefinitionNode) and node.name.value in wanted:
                    wanted.discard(node.name.value)
                    yield node

    def field(
        self,
        owner: str,
        node: FieldDefinitionNode,
        arguments: Mapping[Coordinate, tuple[InputValueDefinitionNode, ...]],
    ) -> FieldDefinitionNode:
        """The field as a connection, if it is a list."""
        where = (owner, node.name.value)
        if where not in self.lists:
            return node
        name = self.leads_to[where]
        named = NamedTypeNode(name=NameNode(value=f"{name}Connection"))
        kind = NonNullTypeNode(type=named) if isinstance(node.type, NonNullTypeNode) else named
        changed: FieldDefinitionNode = _changed(node, type=kind, arguments=(*(node.arguments or ()), *arguments[where]))
        return changed

    def connection(self, node: str) -> None:
        self.written[f"{node}Connection"] = f'''
            """A page of a list (trang danh sách)."""
            type {node}Connection {{
              """The rows of the page (các dòng)."""
              nodes: [{node}!]! @label(name: "STRUCTURE")
              """The rows with their cursors."""
              edges: [{node}Edge!]! @label(name: "STRUCTURE")
              """What is before and behind the page."""
              pageInfo: PageInfo! @label(name: "STRUCTURE")
              """How many rows there are under the filter, on all pages (tổng số)."""
              totalCount: Int! @label(name: "STRUCTURE")
            }}
            """A row of a list and its place (dòng và con trỏ)."""
            type {node}Edge {{
              """Where the row stands (con trỏ)."""
              cursor: Cursor! @label(name: "STRUCTURE")
              """The row (dòng)."""
              node: {node}! @label(name: "STRUCTURE")
            }}'''

    def arguments(self, node: str, mapped: Rows) -> tuple[InputValueDefinitionNode, ...]:
        found = [f"{_says(_SEARCH[name][1])} {name}: {_SEARCH[name][0]}" for name, _ in mapped.search]
        found += [
            '"The first so many rows (số dòng đầu)." first: Int',
            '"Behind this row (sau con trỏ)." after: Cursor',
            '"The last so many rows (số dòng cuối)." last: Int',
            '"Before this row (trước con trỏ)." before: Cursor',
        ]
        if filter_type := self.filter(node, self.source):
            found.append(f'"Only rows that meet it (điều kiện lọc)." where: {filter_type}')
        if (order_type := self.order(node)) and not mapped.search:
            found.append(f'"In this order, the first key first (thứ tự)." order: [{order_type}!]')
        (holder,) = parse(f"type T {{ f({', '.join(found)}): Int }}").definitions
        assert isinstance(holder, ObjectTypeDefinitionNode)
        (only,) = holder.fields or ()
        return tuple(only.arguments or ())

    # Inputs ---------------------------------------------------------------------------------------------------------

    def filter(self, type_name: str, within: Described) -> str:
        """The filter of a type, written once; empty where nothing of it may be filtered by."""
        name = f"{type_name}Filter"
        if name in self.written:
            return name
        source = self.listable.get(type_name, within)
        of = source.mapping.types.get(type_name)
        if of is None:
            return ""
        self.written[name] = ""  # a type may lead back to itself
        found = list(self.conditions(name, of, source))
        if not found:
            del self.written[name]
            return ""
        self.written[name] = f'''
            """Conditions on {type_name}, all of which must hold (điều kiện lọc)."""
            input {name} {{
              """All of these hold too (và)."""
              and: [{name}!]
              """One of these holds (hoặc)."""
              or: [{name}!]
              """This does not hold (không)."""
              not: {name}
              {chr(10).join(found)}
            }}'''
        return name

    def conditions(self, name: str, of: TypeMapping, source: Described) -> Iterator[str]:
        for field_name, mapped in of.fields.items():
            if not of.by.get(field_name, By.NOTHING) & (By.FILTER | By.ALONG):
                continue
            below = source.leads_to[of.name, field_name]
            match mapped:
                case Column():
                    inner = self.operators((of.name, field_name), mapped, source)
                case Rows(many=True):
                    inner = self.on_rows(below) if self.filter(below, source) else ""
                case Embedded() | Rows():
                    inner = self.filter(below, source)
                case Reference(keys=(_,)) if below in self.listable:
                    inner = self.filter(below, source)
                case _:
                    inner = ""
            if inner:
                self.listed.compared[name, field_name] = Compared((of.name, field_name), _SEEN_THROUGH)
                says = _description(source, of.name, field_name)
                if By.ALONG in of.by[field_name]:
                    says += _ALONG
                yield f"{_says(says)} {field_name}: {inner}"

    def on_rows(self, type_name: str) -> str:
        name = f"{type_name}ListFilter"
        operators = _operators(_LIST, f"{type_name}Filter")
        says = '"""Conditions on rows of a list (điều kiện trên danh sách con)."""'
        self.written[name] = f"{says}\ninput {name} {{ {operators} }}"
        return name

    def operators(self, where: Coordinate, mapped: Column, source: Described) -> str:
        """The operators of a scalar, written once for each."""
        expected = source.schema.type_map[where[0]].fields[where[1]].type  # type: ignore[attr-defined]
        many = isinstance(get_nullable_type(expected), GraphQLList)
        named = get_named_type(expected)
        name = f"{named.name}{'List' if many else ''}Filter"
        found: Mapping[str, tuple[str, str]]
        if isinstance(named, GraphQLEnumType):
            found = _HAS if many else _EQ | _IS_NULL
        else:
            found = _BY_NAME.get(named.name) or _BY_FORM.get(mapped.form) or _EQ | _IS_NULL
        self.written[name] = (
            f'"""Conditions on {named.name}, all of which must hold (điều kiện)."""\n'
            f"input {name} {{ {_operators(found, named.name)} }}"
        )
        return name

    def order(self, type_name: str) -> str:
        of = self.types[type_name]
        name = f"{type_name}Order"
        keys = [one for one in of.fields if By.ORDER in of.by.get(one, By.NOTHING)]
        if not keys or name in self.written:
            return name if keys else ""
        self.written["OrderDirection"] = _DIRECTION
        for key in keys:
            self.listed.compared[name, key] = Compared((type_name, key))
        says = {key: _says(_description(self.source, type_name, key)) for key in keys}
        fields = "\n".join(f"{says[key]} {key}: OrderDirection" for key in keys)
        self.written[name] = f'''
            """One key of an order: name one field (khóa sắp xếp)."""
            input {name} {{
              {fields}
            }}'''
        return name


def _description(source: Described, type_name: str, field_name: str) -> str:
    found: str = source.schema.type_map[type_name].fields[field_name].description or ""  # type: ignore[attr-defined]
    return found


def _type_name(node: TypeNode) -> str:
    """The name of a type behind lists and exclamation marks."""
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        node = node.type
    assert isinstance(node, NamedTypeNode)
    return node.name.value


def _operators(found: Mapping[str, tuple[str, str]], scalar: str) -> str:
    return "\n".join(f"{_says(says)} {name}: {kind.format(scalar)}" for name, (kind, says) in found.items())


def _says(text: str) -> str:
    return print_ast(StringValueNode(value=text))


def _parts(name: str, fields: tuple[str, ...]) -> TypeMapping:
    return TypeMapping(name, {one: ListPart(one) for one in fields})


def _changed(node: Any, **parts: Any) -> Any:
    return type(node)(**{key: getattr(node, key) for key in node.keys} | parts)
