"""What is wrong with a request is said exactly: message, code and place, before anything is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from hub.engine import Engine, build, open_engine
from hub.model.request import Request
from hub.model.viewer import Audience, Profile, Viewer
from hub.settings import Settings
from tests.engine.country import PROFILES, PURPOSE, SECRET, load_graph

OFFICER = Viewer(Profile(Audience.OFFICER))
CITIZEN = Viewer(Profile(Audience.CITIZEN), subject="001190900002")
ANALYST = Viewer(PROFILES["analyst"])
MINISTRY = Viewer(PROFILES["health ministry"])

PARSE = "GRAPHQL_PARSE_FAILED"
VALIDATION = "GRAPHQL_VALIDATION_FAILED"
INPUT = "BAD_USER_INPUT"
OPERATION = "OPERATION_NOT_FOUND"

PIN_SHAPE = (
    "a personal number has 12 digits: 3 for the province of birth registration, 1 for century and sex, "
    "2 for the year of birth, 6 random"
)
PIN_TOO_SHORT = f"`12` is not a personal number (số định danh cá nhân): it has 2 digits, {PIN_SHAPE}"
PIN_TO_COME = (
    "`001590900002` is not a personal number (số định danh cá nhân): digit 4 is `5`, a birth in the 22nd century; "
    "0 and 1 stand for the 20th century, 2 and 3 for the 21st"
)
TAX_DIGIT = "`5555000014` is not a tax code (mã số thuế): the check digit is `4`, for these nine digits it would be `3`"

BAD_CURSOR = "the cursor is not of this list: send one that it gave you under the same filter and order"
BY_NUMBER = "query ($p: PersonalId!) { person(personalId: $p) { id } }"
BY_NUMBERS = "query ($p: [PersonalId!]!) { people(personalIds: $p) { id } }"
BY_BOOK = "query ($b: BookCode!) { insuranceBook(bookCode: $b) { status } }"
PAGE = '{ employer(taxCode: "5555000013") { participants(%s) { nodes { status } } } }'
REPRESENTATIVE = 'employer(taxCode: "5555000013") { representative'
SKIPPING = "query ($x: Boolean = true) { me { id @skip(if: $x) } }"


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and the one error it is refused with. `at` are lines and columns."""

    says: str
    document: str
    message: str
    code: str
    at: tuple[tuple[int, int], ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    viewer: Viewer = OFFICER
    purpose: str | None = PURPOSE


CASES = (
    Case("nothing at all", "", "Syntax Error: Unexpected <EOF>.", PARSE, ((1, 1),)),
    Case("an open brace", "{", "Syntax Error: Expected Name, found <EOF>.", PARSE, ((1, 2),)),
    Case("a value is missing", "{\n  person(\n    personalId: }", "Syntax Error: Unexpected '}'.", PARSE, ((3, 17),)),
    Case("an open string", '{ person(personalId: "abc', "Syntax Error: Unterminated string.", PARSE, ((1, 26),)),
    Case("an empty document", "{ }", "Syntax Error: Expected Name, found '}'.", PARSE, ((1, 3),)),
    Case("an empty selection", "{ me { } }", "Syntax Error: Expected Name, found '}'.", PARSE, ((1, 8),)),
    Case("a control character", "{ a(\u0001: 1) }", "Syntax Error: Unexpected character: U+0001.", PARSE, ((1, 5),)),
    Case(
        "too many tokens",
        f"{{ {'a ' * 10_001}}}",
        "the document has 10003 tokens, more than 2000",
        "DOCUMENT_TOO_LARGE",
    ),
    Case(
        "too many characters",
        f"{{{'m' * 100_000}}}",
        "the document has 100002 characters, more than 50000",
        "DOCUMENT_TOO_LARGE",
    ),
    Case(
        "too deep",
        f"{{ me {'{ household { members { person ' * 14}{{ id }}{' } } }' * 14} }}",
        "the document nests fields more than 40 deep",
        "DOCUMENT_TOO_DEEP",
    ),
    Case(
        "too deep behind a fragment",
        f"{{ me {{ ...F }} }} fragment F on Person {'{ household { members { person ' * 14}{{ id }}{' } } }' * 14}",
        "the document nests fields more than 40 deep",
        "DOCUMENT_TOO_DEEP",
    ),
    Case("no operation", "fragment F on Person { id }", "the document has no operation", OPERATION),
    Case(
        "an unknown operation",
        "query A { __typename } query C { __typename }",
        "the document has no operation `B`: it has `A`, `C`",
        OPERATION,
        name="B",
    ),
    Case(
        "a name for an operation without one",
        "{ __typename }",
        "the document has no operation `B`: its operation has no name",
        OPERATION,
        name="B",
    ),
    Case(
        "several operations",
        "query A { __typename } query B { __typename }",
        "the document has several operations: name one of `A`, `B` in `operationName`",
        OPERATION,
    ),
    Case(
        "a mutation",
        "mutation { __typename }",
        "The mutation operation is not supported by the schema.",
        VALIDATION,
        ((1, 1),),
    ),
    Case(
        "a subscription",
        "subscription { __typename }",
        "The subscription operation is not supported by the schema.",
        VALIDATION,
        ((1, 1),),
    ),
    Case(
        "a type definition",
        "type T { a: Int } { __typename }",
        "The 'T' definition is not executable.",
        VALIDATION,
        ((1, 1),),
    ),
    Case(
        "an unknown field",
        "{ me {\n  fullNam } }",
        "Cannot query field 'fullNam' on type 'Person'. Did you mean 'fullName'?",
        VALIDATION,
        ((2, 3),),
        viewer=CITIZEN,
    ),
    Case(
        "a field nobody may read is unknown, and nothing like it is suggested",
        f"{{ {REPRESENTATIVE} {{ fullName }} }} }}",
        "Cannot query field 'fullName' on type 'Person'.",
        VALIDATION,
        ((1, 54),),
        viewer=ANALYST,
    ),
    Case(
        "an official has no record of his own",
        "{ me { id } }",
        "Cannot query field 'me' on type 'Query'.",
        VALIDATION,
        ((1, 3),),
    ),
    Case(
        "a citizen looks nobody up",
        '{ person(personalId: "001190900002") { id } }',
        "Cannot query field 'person' on type 'Query'.",
        VALIDATION,
        ((1, 3),),
        viewer=CITIZEN,
    ),
    Case(
        "the machinery of federation",
        "{ _service { sdl } }",
        "Cannot query field '_service' on type 'Query'.",
        VALIDATION,
        ((1, 3),),
    ),
    Case(
        "a field of another type",
        "{ me { insuranceBook { benefits { nodes { days } } } } }",
        "Cannot query field 'days' on type 'BenefitSettlement'. Did you mean to use an inline fragment on "
        "'ShortTermBenefit'?",
        VALIDATION,
        ((1, 43),),
        viewer=CITIZEN,
    ),
    Case(
        "an object without a selection",
        "{ me }",
        "Field 'me' of type 'Person' must have a selection of subfields. Did you mean 'me { ... }'?",
        VALIDATION,
        ((1, 3),),
        viewer=CITIZEN,
    ),
    Case(
        "a selection on a word",
        "{ me { fullName { x } } }",
        "Field 'fullName' must not have a selection since type 'String!' has no subfields.",
        VALIDATION,
        ((1, 17),),
        viewer=CITIZEN,
    ),
    Case(
        "two fields under one name",
        "{ me { a: id a: sex } }",
        "Fields 'a' conflict because 'id' and 'sex' are different fields. Use different aliases on the fields to fetch "
        "both if this was intentional.",
        VALIDATION,
        ((1, 8), (1, 14)),
        viewer=CITIZEN,
    ),
    Case("an unknown fragment", "{ ...Gone }", "Unknown fragment 'Gone'.", VALIDATION, ((1, 6),)),
    Case(
        "an unused fragment",
        "{ __typename } fragment F on Query { __typename }",
        "Fragment 'F' is never used.",
        VALIDATION,
        ((1, 16),),
    ),
    Case(
        "a fragment cycle",
        "query { ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
        "Cannot spread fragment 'F' within itself via 'G'.",
        VALIDATION,
        ((1, 38), (1, 67)),
    ),
    Case(
        "a fragment that never applies",
        "{ me { id ... on Employer { name } } }",
        "Fragment cannot be spread here as objects of type 'Person' can never be of type 'Employer'.",
        VALIDATION,
        ((1, 11),),
        viewer=CITIZEN,
    ),
    Case(
        "a fragment on an unknown type",
        "{ me { ... on Persn { id } } }",
        "Unknown type 'Persn'. Did you mean 'Person', 'Pension', or 'Percent'?",
        VALIDATION,
        ((1, 15),),
        viewer=CITIZEN,
    ),
    Case("an unknown directive", "{ __typename @x }", "Unknown directive '@x'.", VALIDATION, ((1, 14),)),
    Case(
        "an unknown argument",
        PAGE % "fist: 1",
        "Unknown argument 'fist' on field 'Employer.participants'. Did you mean 'first' or 'last'?",
        VALIDATION,
        ((1, 50),),
    ),
    Case(
        "a missing argument",
        "{ person { id } }",
        "Argument 'Query.person(personalId:)' of type 'PersonalId!' is required, but it was not provided.",
        VALIDATION,
        ((1, 3),),
    ),
    Case(
        "an unknown variable",
        "{ person(personalId: $p) { id } }",
        "Variable '$p' is not defined.",
        VALIDATION,
        ((1, 22), (1, 1)),
    ),
    Case(
        "an unused variable",
        "query ($x: Int) { __typename }",
        "Variable '$x' is never used.",
        VALIDATION,
        ((1, 8),),
    ),
    Case(
        "a variable of the wrong type",
        "query ($p: String!) { person(personalId: $p) { id } }",
        "Variable '$p' of type 'String!' used in position expecting type 'PersonalId!'.",
        VALIDATION,
        ((1, 8), (1, 42)),
        {"p": "001190900002"},
    ),
    Case(
        "a variable that may be null where null decides nothing",
        "query ($x: Boolean) { __typename @skip(if: $x) }",
        "Variable '$x' of type 'Boolean' used in position expecting type 'Boolean!'.",
        VALIDATION,
        ((1, 8), (1, 44)),
    ),
    Case(
        "a skip decided by null",
        SKIPPING,
        "`$x` decides @skip or @include: it cannot be null",
        INPUT,
        variables={"x": None},
        viewer=CITIZEN,
    ),
    Case(
        "a missing variable",
        BY_NUMBER,
        "Variable '$p' has invalid value: Expected a value of non-null type 'PersonalId!' to be provided.",
        INPUT,
        ((1, 8),),
    ),
    Case(
        "a variable that is null",
        BY_NUMBER,
        "Variable '$p' has invalid value: Expected value of non-null type 'PersonalId!' not to be None.",
        INPUT,
        ((1, 8),),
        {"p": None},
    ),
    Case(
        "a variable that is a number",
        BY_NUMBER,
        "Variable '$p' has invalid value: a PersonalId is a string, not `5`",
        INPUT,
        ((1, 8),),
        {"p": 5},
    ),
    Case(
        "a list with null inside",
        BY_NUMBERS,
        "Variable '$p' has invalid value at [1]: Expected value of non-null type 'PersonalId!' not to be None.",
        INPUT,
        ((1, 8),),
        {"p": ["001190900002", None]},
    ),
    Case(
        "a personal number too short, in the document",
        '{ person(personalId: "12") { id } }',
        PIN_TOO_SHORT,
        VALIDATION,
        ((1, 22),),
    ),
    Case(
        "a personal number too short, in a variable",
        BY_NUMBER,
        f"Variable '$p' has invalid value: {PIN_TOO_SHORT}",
        INPUT,
        ((1, 8),),
        {"p": "12"},
    ),
    Case(
        "a personal number too short, as a default",
        'query ($p: PersonalId! = "12") { person(personalId: $p) { id } }',
        PIN_TOO_SHORT,
        VALIDATION,
        ((1, 26),),
    ),
    Case(
        "a personal number of the next century",
        BY_NUMBERS,
        f"Variable '$p' has invalid value at [0]: {PIN_TO_COME}",
        INPUT,
        ((1, 8),),
        {"p": ["001590900002"]},
    ),
    Case(
        "a personal number without quotes",
        "{ person(personalId: 12) { id } }",
        "a PersonalId is a string: put it in quotes",
        VALIDATION,
        ((1, 22),),
    ),
    Case(
        "a tax code with the wrong check digit, in the document",
        '{ employer(taxCode: "5555000014") { name } }',
        TAX_DIGIT,
        VALIDATION,
        ((1, 21),),
    ),
    Case(
        "a tax code with the wrong check digit, in a variable",
        "query ($t: TaxCode!) { employer(taxCode: $t) { name } }",
        f"Variable '$t' has invalid value: {TAX_DIGIT}",
        INPUT,
        ((1, 8),),
        {"t": "5555000014"},
    ),
    Case(
        "a book without quotes",
        "{ insuranceBook(bookCode: 5) { status } }",
        "a BookCode is a string: put it in quotes",
        VALIDATION,
        ((1, 27),),
    ),
    Case(
        "a book that is no word",
        BY_BOOK,
        "Variable '$b' has invalid value: a BookCode is a string, not `['a']`",
        INPUT,
        ((1, 8),),
        {"b": ["a"]},
    ),
    Case(
        "an id that is no word",
        "query ($h: ID!) { household(householdId: $h) { registeredOn } }",
        "Variable '$h' has invalid value: ID cannot represent value: True",
        INPUT,
        ((1, 8),),
        {"h": True},
    ),
    Case(
        "too many keys",
        BY_NUMBERS,
        "`people` takes at most 500 keys, and 501 were given",
        INPUT,
        variables={"p": ["001190900002"] * 501},
    ),
    Case("a page of none", PAGE % "first: 0", "`first` is `0`: it must be between 1 and 500", INPUT),
    Case("a page too large", PAGE % "first: 501", "`first` is `501`: it must be between 1 and 500", INPUT),
    Case("a page of none, from the end", PAGE % "last: 0", "`last` is `0`: it must be between 1 and 500", INPUT),
    Case("a negative page", PAGE % "last: -1", "`last` is `-1`: it must be between 1 and 500", INPUT),
    Case(
        "a page too large, in a variable",
        f"query ($n: Int) {PAGE % 'first: $n'}",
        "`first` is `501`: it must be between 1 and 500",
        INPUT,
        variables={"n": 501},
    ),
    Case(
        "a page from both ends",
        PAGE % "first: 1, last: 1",
        "`participants` has both `first` and `last`: ask for one of them",
        INPUT,
    ),
    Case(
        "a page that is a word",
        f"query ($n: Int) {PAGE % 'first: $n'}",
        "Variable '$n' has invalid value: Int cannot represent non-integer value: '5'",
        INPUT,
        ((1, 8),),
        {"n": "5"},
    ),
    Case("a malformed place in a list", PAGE % 'after: "no cursor"', BAD_CURSOR, "CURSOR_INVALID"),
    Case("a malformed place in a list, before", PAGE % 'before: ""', BAD_CURSOR, "CURSOR_INVALID"),
    Case(
        "a malformed place in a list, in a variable",
        f"query ($a: Cursor) {PAGE % 'after: $a'}",
        BAD_CURSOR,
        "CURSOR_INVALID",
        variables={"a": "AAAA"},
    ),
    Case(
        "a place in a list that is a number",
        f"query ($a: Cursor) {PAGE % 'after: $a'}",
        "Variable '$a' has invalid value: a Cursor is a string, not `7`",
        INPUT,
        ((1, 8),),
        {"a": 7},
    ),
    Case(
        "a field not shared on its path",
        "{ me { household { members { person { b: personalId } } } } }",
        "`personalId` is not shared here: me.household.members.person.b",
        "NOT_SHARED",
        ((1, 39),),
        viewer=CITIZEN,
    ),
    Case(
        "an analyst cannot look up a household by an id that he is shown a pseudonym of",
        '{ household(householdId: "e1000000-0000-4000-8000-000000000001") { registeredOn } }',
        "Cannot query field 'household' on type 'Query'. Did you mean 'households'?",
        VALIDATION,
        ((1, 3),),
        viewer=ANALYST,
    ),
    Case(
        "a field that the agreement does not share, with the others of the document",
        '{ person(personalId: "001190900002") { fullName occupation } }',
        "Cannot query field 'occupation' on type 'Person'.",
        VALIDATION,
        ((1, 49),),
        viewer=MINISTRY,
    ),
    Case(
        "a partner who says not what for",
        BY_NUMBER,
        "the request names no purpose: put one of `card-check`, `claims-review` in `extensions.purpose`",
        "PURPOSE_NOT_AGREED",
        variables={"p": "001190900002"},
        viewer=MINISTRY,
        purpose=None,
    ),
    Case(
        "a partner who says what was not agreed",
        BY_NUMBER,
        "the request names a purpose that is not in the agreement: put one of `card-check`, `claims-review` in "
        "`extensions.purpose`",
        "PURPOSE_NOT_AGREED",
        variables={"p": "001190900002"},
        viewer=MINISTRY,
        purpose="marketing",
    ),
    Case(
        "a partner with an agreement that is none",
        "{ __typename }",
        "the token's agreement is none that this endpoint knows",
        "AGREEMENT_UNKNOWN",
        viewer=Viewer(Profile(Audience.PARTNER, agreement="nobody")),
    ),
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Without a database: none of these requests comes so far as to need one."""
    return open_engine(load_graph(), Settings(pseudonym_key=SECRET))


def error(message: str, code: str, at: tuple[tuple[int, int], ...]) -> dict[str, Any]:
    places = {"locations": [{"line": line, "column": column} for line, column in at]} if at else {}
    return {"message": message, **places, "extensions": {"code": code}}


@pytest.mark.parametrize("case", CASES, ids=[case.says for case in CASES])
async def test_a_wrong_request_is_refused_with(case: Case, engine: Engine) -> None:
    response = await engine.execute(Request(case.document, case.name, case.variables, case.purpose), case.viewer)
    assert json.loads(response.body) == {"errors": [error(case.message, case.code, case.at)]}
    assert not response.executed


async def test_all_that_is_wrong_is_said_at_once(engine: Engine) -> None:
    document = "{ me { relatives { person { a: personalId contact { phone } } } fullName } }"
    response = await engine.execute(Request(document), CITIZEN)
    assert json.loads(response.body) == {
        "errors": [
            error("`personalId` is not shared here: me.relatives.person.a", "NOT_SHARED", ((1, 29),)),
            error("`phone` is not shared here: me.relatives.person.contact.phone", "NOT_SHARED", ((1, 53),)),
        ]
    }


async def test_operations_without_a_name_must_be_alone(engine: Engine) -> None:
    response = await engine.execute(Request("{ a: __typename } { b: __typename }"), OFFICER)
    assert json.loads(response.body) == {
        "errors": [
            error("This anonymous operation must be the only defined operation.", VALIDATION, ((1, 1),)),
            error("This anonymous operation must be the only defined operation.", VALIDATION, ((1, 19),)),
        ]
    }


async def test_an_unknown_field_of_a_secret_kind_and_an_invented_one_are_answered_alike(engine: Engine) -> None:
    secret, invented = [
        (await engine.execute(Request(f"{{ {REPRESENTATIVE} {{ {name} }} }} }}"), ANALYST)).body
        for name in ("surname", "zzzzzzz")
    ]
    assert b"GRAPHQL_VALIDATION_FAILED" in secret
    assert secret.replace(b"surname", b"zzzzzzz") == invented


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2029, 1, 1)])
async def test_an_agreement_is_in_force_from_its_first_day_to_its_last(day: date) -> None:
    built = build(load_graph())
    request = Request("{ __typename }", purpose=PURPOSE)
    refused = await Engine(built, {}, today=lambda: day).execute(request, MINISTRY)
    assert json.loads(refused.body)["errors"][0]["extensions"]["code"] in (
        "AGREEMENT_NOT_YET_VALID",
        "AGREEMENT_EXPIRED",
    )
    for last in (date(2026, 1, 1), date(2028, 12, 31)):
        answered = await Engine(built, {}, today=lambda last=last: last).execute(request, MINISTRY)  # type: ignore[misc]
        assert answered.body == b'{"data":{"__typename":"Query"}}'


async def test_a_variable_nobody_asked_for_is_ignored(engine: Engine) -> None:
    response = await engine.execute(Request("{ __typename }", None, {"x": 1}), OFFICER)
    assert response.body == b'{"data":{"__typename":"Query"}}'
