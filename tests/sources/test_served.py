"""`hub check --lists`: each way to ask a list, and the index that serves it, of indexes that are written here."""

from __future__ import annotations

import pytest

from hub.cli.endpoint import load_graph
from hub.model.mapping import SourceMapping
from hub.sources.postgres.served import Indexes, Served, served

PERSON: Indexes = {
    "person": {
        "pkey": ["id"],
        "number": ["personal_id"],
        "born": ["birth_date", "id"],
        "name": ["name_order", "id"],
        "name_search": ["name_search", "id"],
        "given_search": ["given_search", "id"],
        "province_name": ["residence_province_code", "name_order", "id"],
        "province": ["residence_province_code", "id"],
        "commune": ["residence_commune_code", "id"],
    },
    "person_identifier": {"of_person": ["person_id", "valid_from"]},
}


@pytest.fixture(scope="module")
def population() -> SourceMapping:
    return load_graph().mappings["population"]


def asked(found: list[Served], field: str) -> dict[str, str]:
    return {one.asked: one.index for one in found if one.field == field}


def without(table: str, index: str) -> Indexes:
    return {**PERSON, table: {name: columns for name, columns in PERSON[table].items() if name != index}}


def test_a_list_of_a_whole_table_is_served_by_the_index_of_what_is_asked(population: SourceMapping) -> None:
    assert asked(list(served(population, PERSON)), "Query.persons") == {
        "": "pkey",
        "where.personalId": "number",
        "where.identifiers": "of_person",
        "where.birthDate": "born",
        "where.sex": "",
        "where.permanentResidence.province.code": "province",
        "where.permanentResidence.commune.code": "commune",
        "where.lifeStatus": "",
        "order.fullName": "name",
        "order.birthDate": "born",
    }


def test_a_search_is_served_by_the_indexes_of_its_readings(population: SourceMapping) -> None:
    found = [one for one in served(population, PERSON) if one.field == "Query.searchPersons"]
    assert [one.index for one in found if one.asked == "a search"] == ["name_search", "given_search"]
    assert not any(one.asked.startswith("order.") for one in found)


@pytest.mark.parametrize(
    ("table", "index", "expected"),
    [
        ("person", "born", {"where.birthDate", "order.birthDate"}),
        ("person", "name", {"order.fullName"}),
        ("person", "pkey", {""}),
        ("person", "province", set()),  # a wider one leads with the same column
        ("person_identifier", "of_person", {"where.identifiers"}),
    ],
)
def test_what_an_index_served_is_missing_with_it(
    population: SourceMapping, table: str, index: str, expected: set[str]
) -> None:
    found = served(population, without(table, index))
    assert {one.asked for one in found if one.field == "Query.persons" and one.missing} == expected


def test_what_is_asked_along_wants_no_index(population: SourceMapping) -> None:
    found = [one for one in served(population, PERSON) if one.along]
    assert {one.asked for one in found} == {"where.sex", "where.lifeStatus"}
    assert not any(one.missing for one in found)


def test_a_list_that_belongs_to_something_is_served_by_the_index_that_finds_its_rows() -> None:
    insurance = load_graph().mappings["insurance"]
    found = list(served(insurance, {"visit": {"of_person": ["personal_id", "admitted_at", "id"]}}))
    ways = asked(found, "HealthInsurance.visits")
    assert {"", "where.totalCost", "order.totalCost"} <= ways.keys()
    assert set(ways.values()) == {"of_person"}
    assert all(one.missing for one in found if one.field == "HealthInsurance.cards")
