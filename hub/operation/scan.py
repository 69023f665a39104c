"""Text -> what it counts, or `Refused` with every limit it passes: in one pass, before anything is parsed.

It follows the lexical grammar of GraphQL so far as counting needs (September 2025, section 2.1). Up to the place of a
syntax error it sees what the parser sees, and the parser goes no further; so what the parser makes was counted here.
"""

from __future__ import annotations

import re

from hub.errors import Refused, Shown
from hub.model.limits import Limits

TOO_LARGE = "DOCUMENT_TOO_LARGE"

# INVARIANT: no alternative gives back what it took (possessive, atomic), so the time is linear in the text. Groups are
# atomic: Python 3.11.2, which Debian 12 has, does not match a possessive group that is repeated no time at all.
_TOKEN = re.compile(
    r"""[\s,\ufeff]*+(?:
        (?P<name>[_A-Za-z][_0-9A-Za-z]*+)
      | (?P<mark>\.\.\.|[!$&()\[\]{}:=@|])
      | (?P<other>
            \#[^\n\r]*+
          | \"\"\"(?>(?:[^"\\]++|\\\"\"\"|\\|"(?!""))*)\"\"\"
          | "(?!"")(?>(?:[^"\\\n\r]++|\\.)*)"
          | -?[0-9]++(?>(?:\.[0-9]++)?)(?>(?:[eE][+-]?[0-9]++)?)
          | .
        )
      | \Z
    )""",
    re.VERBOSE | re.DOTALL,
)
_OPERATIONS = frozenset({"query", "mutation", "subscription"})


def check_text(text: str, limits: Limits) -> None:
    """Nothing, or `Refused`."""
    if len(text) > limits.characters:
        raise Refused([_more("characters", len(text), limits.characters)])
    brackets = deepest = parentheses = 0
    aliases = directives = spreads = variables = fragments = operations = 0
    # Outside of all brackets, a definition begins with a word; an operation without one, with its brace.
    begins = True
    for tokens, token in enumerate(_TOKEN.finditer(text)):
        if token.lastgroup is None:  # the end
            break
        if tokens == limits.tokens:
            count = sum(1 for token in _TOKEN.finditer(text) if token.lastgroup)
            raise Refused([_more("tokens", count, limits.tokens)])
        match token.lastgroup:
            case "mark":
                mark = token["mark"]
                if mark in "{[(":
                    operations += begins and mark == "{"
                    begins = False
                    brackets += 1
                    deepest = max(deepest, brackets)
                    parentheses += mark == "("
                elif mark in "}])":
                    brackets -= 1
                    parentheses -= mark == ")"
                    begins = brackets == 0 and mark == "}"
                elif mark == "...":
                    spreads += 1
                elif mark == "@":
                    directives += 1
                elif mark == ":":
                    # Within parentheses a colon follows an argument, a variable or a field of an input object.
                    aliases += parentheses == 0
                elif mark == "$":
                    variables += brackets == 1
            case "name" if begins:
                fragments += token["name"] == "fragment"
                operations += token["name"] in _OPERATIONS
                begins = False
    counted = (
        ("brackets in each other", deepest, limits.brackets),
        ("aliases", aliases, limits.aliases),
        ("directives", directives, limits.directives),
        ("spreads", spreads, limits.spreads),
        ("operations", operations, limits.operations),
        ("fragments", fragments, limits.fragments),
        ("variables", variables, limits.variables),
    )
    if wrong := [_more(what, found, most) for what, found, most in counted if found > most]:
        raise Refused(wrong)


def _more(what: str, found: int, most: int) -> Shown:
    return Shown(f"the document has {found} {what}, more than {most}", code=TOO_LARGE)
