"""Text -> Operation: parse, validate against the viewer's own schema, coerce variables, normalise.

Takes the text of a request and a schema; gives a `Prepared` document, and from it for each set of booleans an
`Operation`. Refuses with `Refused`, every reason with line and column. Does no I/O.

parse       text -> document, within limits
forms       variables that decide the form of a statement -> their forms
prepare     document x operation name x schema -> Prepared: validated, the one operation chosen
known       document x schema -> the part of it that the schema has
variables   values as sent -> values as typed
normalise   Prepared x booleans x forms -> Operation: fragments opened, fields merged, skips decided
"""

from hub.operation.forms import Form, forms_of
from hub.operation.known import known_part
from hub.operation.normalise import normalise
from hub.operation.parse import Limits, parse_document
from hub.operation.prepare import Prepared, booleans_given, prepare
from hub.operation.variables import coerce_forming_variables, coerce_variables

__all__ = [
    "Form",
    "Limits",
    "Prepared",
    "booleans_given",
    "coerce_forming_variables",
    "coerce_variables",
    "forms_of",
    "known_part",
    "normalise",
    "parse_document",
    "prepare",
]
