"""Text -> Operation: parse, validate against the viewer's own schema, coerce variables, normalise.

Takes the text of a request and a schema; gives a `Prepared` document, and from it for each set of booleans an
`Operation`. Refuses with `Refused`, every reason with line and column. Does no I/O.

scan        text -> what it counts: refused beyond its limits before it is parsed
parse       text -> document
merge       whether fields can be merged
forms       variables that decide the form of a statement -> their forms
prepare     document x operation name x schema -> Prepared: validated, the one operation chosen
known       document x schema -> the part of it that the schema has
variables   values as sent -> values as typed
signature   document -> a name for it without what a client wrote by himself
normalise   Prepared x booleans x forms -> Operation: fragments opened, fields merged, skips decided
pricing     what fields cost, of a whole graph
cost        Operation -> what it costs, as a formula over its variables
"""

from hub.operation.cost import Formula, formula_of
from hub.operation.forms import Form, forms_of
from hub.operation.known import known_part
from hub.operation.normalise import normalise
from hub.operation.parse import parse_document
from hub.operation.prepare import Prepared, booleans_given, check_reads_only, operation_names, prepare
from hub.operation.pricing import costs_of
from hub.operation.signature import signature
from hub.operation.variables import coerce_forming_variables, coerce_variables

__all__ = [
    "Form",
    "Formula",
    "Prepared",
    "booleans_given",
    "check_reads_only",
    "coerce_forming_variables",
    "coerce_variables",
    "costs_of",
    "forms_of",
    "formula_of",
    "known_part",
    "normalise",
    "operation_names",
    "parse_document",
    "prepare",
    "signature",
]
