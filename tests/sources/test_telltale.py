"""`hub policy leaks` finds what is planted in a country of its own, and is silent where there is nothing to find.

The oracle reads all rows with psycopg and counts in Python.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hub.cli.endpoint import load_graph
from hub.demo.cluster import Cluster
from hub.demo.start import Silent, running_demo
from hub.engine import Built, build
from hub.errors import SourceUnavailable
from hub.model.viewer import Universe
from hub.settings import SOURCES, SourceDsns
from hub.sources.postgres.telltale import Finding, Kind, Report, Signal, find_telltales
from hub.sources.postgres.telltale.judge import LEAST
from hub.sources.postgres.telltale.shown import vietnamese

HIDDEN = ("defence", "public_security")
CLASSES = ("civilian", *HIDDEN)


@pytest.fixture(scope="module")
def built() -> Built:
    return build(load_graph())


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A server of its own: a database can be copied only while nobody reads it."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-test-") as path,
        running_demo(Path(path) / "demo", Silent(), people=6_000, seed=7) as running,
    ):
        yield running.cluster


@dataclass(frozen=True)
class Country:
    """Copies of the four registers, to plant something in."""

    cluster: Cluster
    names: Mapping[str, str]

    @property
    def dsns(self) -> dict[str, str]:
        return {source: self.cluster.owner_dsn(name) for source, name in self.names.items()}

    def change(self, source: str, statement: str, *arguments: Any) -> int:
        with psycopg.connect(self.dsns[source]) as connection:
            return connection.execute(statement, arguments).rowcount

    def rows(self, source: str, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsns[source]) as connection:
            return connection.execute(statement).fetchall()

    def tables(self, source: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for table, column in self.rows(
            source, "select table_name, column_name from information_schema.columns where table_schema = 'civilian'"
        ):
            found[table].add(column)
        return found

    def hidden(self) -> set[str]:
        """The oracle: personal numbers of everybody who has a row outside the civilian class."""
        found: set[str] = set()
        people = {
            row: number
            for one in CLASSES
            for row, number in self.rows("population", f"select id, personal_id from {one}.person")
        }
        members = defaultdict(set)
        for one in CLASSES:
            for household, number in self.rows("household", f"select household_id, personal_id from {one}.member"):
                members[household].add(number)
        for source in ("population", "household", "insurance"):
            for table, columns in self.tables(source).items():
                for one in HIDDEN:
                    if "person_id" in columns:
                        rows = self.rows(source, f"select person_id from {one}.{table}")
                        found |= {people[row] for (row,) in rows if row in people}
                    elif "personal_id" in columns:
                        found |= {number for (number,) in self.rows(source, f"select personal_id from {one}.{table}")}
                    elif table == "household":
                        for (row,) in self.rows(source, f"select id from {one}.{table}"):
                            found |= members[row]
        return found - {None}

    def families(self) -> dict[str, Any]:
        return {
            number: household
            for one in CLASSES
            for household, number in self.rows("household", f"select household_id, personal_id from {one}.member")
        }


@pytest.fixture(scope="module")
def whole(server: Cluster) -> Country:
    return Country(server, {source: source for source in SOURCES})


@pytest.fixture
def country(server: Cluster) -> Iterator[Country]:
    with psycopg.connect(server.owner_dsn("postgres"), autocommit=True) as connection:
        for source in SOURCES:
            connection.execute(f"create database copy_{source} template {source}")
        yield Country(server, {source: f"copy_{source}" for source in SOURCES})
        for source in SOURCES:
            connection.execute(f"drop database copy_{source} with (force)")


async def leaks(built: Built, dsns: Mapping[str, str]) -> Report:
    return await find_telltales(built.declared.mappings, built.supergraph.api, built.rules.labels, dsns)


def only(report: Report, place: str, signal: Signal = Signal.PLAIN) -> list[Finding]:
    return [
        one for one in report.findings if f"{one.source}.{one.table}.{one.column}" == place and one.signal is signal
    ]


def percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %") if 0.1 <= share <= 0.9 else f"{share:.1%}".replace("%", " %")


async def test_everybody_with_a_hidden_row_in_any_register_is_known(built: Built, whole: Country) -> None:
    report = await leaks(built, whole.dsns)
    hidden = whole.hidden()
    families = whole.families()
    assert report.people == len(hidden)
    assert report.families == len({families.get(number, number) for number in hidden})


async def test_shares_agree_with_those_counted_in_python(built: Built, country: Country) -> None:
    hidden = country.hidden()
    country.change(
        "population", "update civilian.person set occupation = null where personal_id = any(%s)", sorted(hidden)[::2]
    )
    rows = country.rows("population", "select personal_id, occupation is null from civilian.person")
    strata: dict[str, dict[bool, list[bool]]] = defaultdict(lambda: {True: [], False: []})
    for number, null in rows:
        strata[number[3:5]][number in hidden].append(null)
    shared = [one for one in strata.values() if one[True] and one[False]]
    size = sum(len(one[True]) for one in shared)
    first = sum(sum(one[True]) for one in shared) / size
    second = sum(len(one[True]) * sum(one[False]) / len(one[False]) for one in shared) / size

    (found,) = only(await leaks(built, country.dsns), "population.person.occupation")
    known = sum(number in hidden for number, _ in rows)
    assert found.kind is Kind.NULLS
    assert found.evidence == (
        f"null in {percent(first)} of {known:,} plain rows of people with hidden rows,"
        f" in {percent(second)} of {len(rows) - known:,} others"
    )
    assert [(one.field, one.label, one.term) for one in found.shown] == [("Person.occupation", "POST", "nghề nghiệp")]


@pytest.mark.parametrize(
    ("source", "change", "place", "kind", "said"),
    [
        (
            "population",
            "update civilian.person set hometown_province_code = '79' where {}",
            "population.person.hometown_province_code",
            Kind.CONSTANT,
            "always `79`",
        ),
        (
            "population",
            "update civilian.person set residence_coded_on = '2025-08-01'::date + ascii(surname) %% 3 where {}",
            "population.person.residence_coded_on",
            Kind.RANGE,
            "from 2025-08-01 to 2025-08-03",
        ),
        (
            "insurance",
            "update civilian.visit set facility_code = '44001' where {} and treatment = 'OUTPATIENT'",
            "insurance.visit.facility_code",
            Kind.PREFIX,
            "`44` begins",
        ),
        (
            "insurance",
            "update civilian.contribution set seniority_percent = 77 where {}",
            "insurance.contribution.seniority_percent",
            Kind.NULLS,
            "null in 0 %",
        ),
    ],
)
async def test_a_telltale_that_is_planted_in_plain_rows_is_found(
    built: Built, country: Country, source: str, change: str, place: str, kind: Kind, said: str
) -> None:
    assert only(await leaks(built, country.dsns), place) == []
    assert country.change(source, change.format("personal_id = any(%s)"), sorted(country.hidden()))
    found = [one for one in only(await leaks(built, country.dsns), place) if one.kind is kind]
    assert len(found) == 1
    assert found[0].evidence.startswith(said)
    assert "plain rows of people with hidden rows" in found[0].evidence


async def test_one_word_of_another_class_is_enough(built: Built, country: Country) -> None:
    one = "where personal_id = (select min(personal_id) from civilian.book)"
    country.change("insurance", f"update civilian.book set issuer = 'ARMY_SI' {one}")
    country.change("insurance", "update defence.book set issuer = 'POLICE_SI'")
    report = await leaks(built, country.dsns)
    (plain,) = only(report, "insurance.book.issuer")
    assert (plain.kind, plain.evidence.split(" of ")[0]) == (
        Kind.WORD, "the issuer ARMY_SI belongs to defence, and is in 1",
    )  # fmt: skip
    words = [one for one in only(report, "insurance.book.issuer", Signal.CLASSES) if one.kind is Kind.WORD]
    assert [one.groups for one in words] == [("defence rows", "public_security")]


@pytest.mark.parametrize(
    ("place", "kind", "groups"),
    [
        ("population.person.occupation", Kind.NULLS, "defence rows"),
        ("insurance.book.issuer", Kind.CONSTANT, "public_security rows"),
        ("insurance.book.issuer", Kind.CONSTANT, "defence rows"),
        ("insurance.health_card.initial_facility_code", Kind.PREFIX, "defence rows"),
        ("insurance.contribution.rate_unemployment", Kind.CONSTANT, "defence rows"),
        ("insurance.contribution.object_group", Kind.CONSTANT, "public_security rows"),
    ],
)
async def test_classes_are_told_apart(built: Built, whole: Country, place: str, kind: Kind, groups: str) -> None:
    found = only(await leaks(built, whole.dsns), place, Signal.CLASSES)
    assert (kind, groups) in {(one.kind, one.groups[0]) for one in found}


async def test_what_everybody_shares_is_no_finding(built: Built, country: Country) -> None:
    before = await leaks(built, country.dsns)
    # Half of everybody, whoever he is: by a digit that is random.
    country.change(
        "population", "update civilian.person set occupation = null where right(personal_id, 1)::int %% 2 = 0"
    )
    country.change("population", "update civilian.person set nationality = 'LA'")
    after = await leaks(built, country.dsns)
    plain = [one.column for one in after.findings if one.signal is Signal.PLAIN]
    assert plain == [one.column for one in before.findings if one.signal is Signal.PLAIN]


async def test_sex_and_age_are_not_taken_for_a_telltale(built: Built, country: Country) -> None:
    # Wives and conscripts differ from the country by sex and age, and so would whatever goes with these.
    country.change(
        "population",
        "update civilian.person set occupation = case when substr(personal_id, 4, 2) in ('18', '19') then 'x' end",
    )
    assert only(await leaks(built, country.dsns), "population.person.occupation") == []


async def test_small_groups_are_silent(built: Built, country: Country) -> None:
    families = country.families()
    kept = sorted({str(families[number]) for number in country.hidden() if number in families})[: LEAST - 1]
    people = [number for number, household in families.items() if str(household) in kept]
    for source in SOURCES:
        for table, columns in country.tables(source).items():
            for one in HIDDEN:
                if "personal_id" in columns and table != "relative":
                    country.change(source, f"delete from {one}.{table} where personal_id <> all(%s)", people)
                elif table in ("relative", "household", "ward"):
                    country.change(source, f"delete from {one}.{table}")
    hidden = sorted(country.hidden())
    assert hidden
    country.change("population", "update civilian.person set occupation = null where personal_id = any(%s)", hidden)
    report = await leaks(built, country.dsns)
    assert report.people == len(hidden)
    assert report.findings == ()


async def test_others_may_be_sampled(built: Built, country: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = sorted(country.hidden())
    country.change("population", "update civilian.person set occupation = null where personal_id = any(%s)", hidden)
    monkeypatch.setattr("hub.sources.postgres.telltale.measure.SAMPLE", 1_000)
    (found,) = only(await leaks(built, country.dsns), "population.person.occupation")
    assert found.evidence.startswith("null in 100 % of")
    assert found.evidence.endswith("others (1 in 5 looked at)")


async def test_the_reading_role_of_all_classes_is_enough(built: Built, dsns: SourceDsns) -> None:
    report = await leaks(built, {source: dsns.dsn(source, Universe.ALL) for source in SOURCES})
    assert report.people > 0
    assert all(one.evidence for one in report.findings)


async def test_a_database_that_is_away_is_said_to_be(built: Built, whole: Country) -> None:
    with pytest.raises(SourceUnavailable):
        await leaks(built, whole.dsns | {"employer": whole.cluster.owner_dsn("nowhere")})


def test_every_column_of_a_field_is_known_with_the_labels_on_its_way(built: Built) -> None:
    from hub.sources.postgres.telltale.shown import shown_columns

    mapping = built.declared.mappings["population"]
    shown = shown_columns(mapping, built.supergraph.api, built.rules.labels)
    (commune,) = [one for one in shown["person", "residence_commune_code"] if one.field.endswith(".code")]
    assert (commune.field, commune.labels) == (
        "Person.permanentResidence.commune.code", ("PROVINCE", "ADDRESS", "PUBLIC"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("description", "term"),
    [("Sex (giới tính).", "giới tính"), ("Email (E-mail) (thư điện tử).", "thư điện tử"), ("Nothing.", ""), (None, "")],
)
def test_the_vietnamese_term_stands_in_parentheses(description: str | None, term: str) -> None:
    assert vietnamese(description) == term
