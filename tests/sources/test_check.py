"""`hub check` lists every drift: each test makes one in a database of its own and reads what is said of it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from hub.cli.endpoint import load_graph
from hub.demo.cluster import Cluster
from hub.engine import Built, build
from hub.errors import SourceUnavailable
from hub.migrate import migrate
from hub.model.viewer import RecordClass
from hub.sources.postgres.check import drifts


@pytest.fixture(scope="module")
def built() -> Built:
    return build(load_graph())


@pytest.fixture(scope="module")
def migrated(cluster: Cluster) -> Iterator[str]:
    """The name of a migrated, empty insurance register."""
    _administer(cluster, "create database drift_free")
    migrate({"insurance": cluster.owner_dsn("drift_free")})
    yield "drift_free"
    _administer(cluster, "drop database drift_free with (force)")


@pytest.fixture
def database(cluster: Cluster, migrated: str) -> Iterator[str]:
    """The address of a copy of it, to make a drift in."""
    _administer(cluster, f"create database drift template {migrated}")
    yield cluster.owner_dsn("drift")
    _administer(cluster, "drop database drift with (force)")


def _administer(cluster: Cluster, statement: str) -> None:
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as connection:
        connection.execute(statement)


async def said(
    built: Built, dsn: str, classes: tuple[RecordClass, ...] = tuple(RecordClass), *, source: str = "insurance"
) -> list[tuple[str, str]]:
    found = await drifts(built.declared.mappings[source], built.supergraph.api, dsn, classes)
    return [(problem.code, problem.place) for problem in found]


async def test_a_freshly_migrated_register_has_no_drift(built: Built, database: str) -> None:
    assert await said(built, database) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "alter table defence.book rename column closed_up_to to closed",
            [("COLUMN_MISSING", "insurance.defence.book.closed_up_to (InsuranceBook.closedUpTo)")],
        ),
        (
            "alter table civilian.book alter column status drop not null",
            [("NULL_ALLOWED", "insurance.civilian.book.status (InsuranceBook.status)")],
        ),
        (
            "alter table civilian.visit alter column total_cost type text",
            [("TYPE_DOES_NOT_FIT", "insurance.civilian.visit.total_cost (Visit.totalCost)")],
        ),
        (
            "alter table civilian.contribution alter column employer_tax_code type text",
            [
                ("TYPE_NOT_PLAIN", "insurance.civilian.contribution.employer_tax_code (Contribution.employer)"),
                ("TYPE_NOT_PLAIN", "insurance.civilian.contribution.employer_tax_code (Contribution.unit)"),
            ],
        ),
        (
            "alter table civilian.benefit alter column diagnosis_code type text",
            [
                ("TYPE_DOES_NOT_FIT", "insurance.civilian.benefit.diagnosis_code (Diagnosis.code)"),
                ("TYPE_NOT_PLAIN", "insurance.civilian.benefit.diagnosis_code (Diagnosis.name)"),
            ],
        ),
        (
            "drop index public_security.visit_person",
            [("INDEX_MISSING", "insurance.public_security.visit.personal_id (HealthInsurance.visits)")],
        ),
        (
            """alter table civilian.book drop constraint book_status_check,
               add check (status in ('ACTIVE', 'SUSPENDED', 'REVOKED', 'LOST'))""",
            [
                ("ENUM_VALUE_UNKNOWN", "insurance.civilian.book.status (InsuranceBook.status)"),
                ("ENUM_VALUE_UNUSED", "insurance.civilian.book.status (InsuranceBook.status)"),
            ],
        ),
        (
            "alter table civilian.book drop constraint book_status_check",
            [("ENUM_NOT_CONSTRAINED", "insurance.civilian.book.status (InsuranceBook.status)")],
        ),
    ],
)
async def test_a_drift_is_named_with_its_place(
    built: Built, database: str, change: str, expected: list[tuple[str, str]]
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(change)
    assert await said(built, database) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("select", []),
        (
            "drop index civilian.employer_name",
            [("INDEX_MISSING", "employer.civilian.employer.name (Query.employers)")],
        ),
        (
            "drop index defence.employer_name_order",
            [
                ("INDEX_MISSING", "employer.defence.employer.name_order (Query.employers)"),
            ],
        ),
        (
            "drop index civilian.employer_province",
            [
                (
                    "INDEX_MISSING",
                    "employer.civilian.employer.province_code (Query.employers)",
                )
            ],
        ),
        # It leads with another column.
        (
            "drop index civilian.employer_industry; create index on civilian.employer (id, industry_code)",
            [("INDEX_MISSING", "employer.civilian.employer.industry_code (Query.employers)")],
        ),
    ],
)
async def test_a_filter_or_an_order_that_no_index_serves_is_a_drift(
    built: Built, cluster: Cluster, change: str, expected: list[tuple[str, str]]
) -> None:
    _administer(cluster, "create database unserved")
    try:
        dsn = cluster.owner_dsn("unserved")
        migrate({"employer": dsn})
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(change.encode())
        assert await said(built, dsn, source="employer") == expected
    finally:
        _administer(cluster, "drop database unserved with (force)")


async def test_a_table_that_is_missing_is_a_drift(built: Built, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("drop table civilian.unemployment_period")
    assert await said(built, database) == [
        ("TABLE_MISSING", "insurance.civilian.unemployment_period (UnemploymentInsurance.periods)")
    ]


async def test_an_instance_checks_only_the_classes_it_serves(built: Built, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("drop table defence.visit")
    assert await said(built, database, (RecordClass.CIVILIAN,)) == []


async def test_a_database_that_is_away_is_said_to_be(built: Built, cluster: Cluster) -> None:
    with pytest.raises(SourceUnavailable):
        await said(built, cluster.owner_dsn("nowhere"))
