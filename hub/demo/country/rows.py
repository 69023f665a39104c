"""The rows of the country: one named tuple for each table of `migrations/`, in the order of its columns.

Values are what COPY writes: text, whole numbers, None. Days are ISO 8601 text, arrays and numerics their text forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.model.viewer import RecordClass

Text = str | None
Number = int | None


class Person(NamedTuple):
    id: str
    personal_id: Text
    surname: str
    middle_name: Text
    given_name: str
    full_name: str
    birth_date: str
    sex: str
    ethnicity_code: Text
    nationality: str
    birth_province_code: Text
    hometown_province_code: Text
    residence_province_code: str
    residence_commune_code: str
    residence_detail: Text
    residence_coded_on: str
    occupation: Text
    life_status: str
    life_status_date: Text


class PersonIdentifier(NamedTuple):
    id: str
    person_id: str
    scheme: str
    value: str
    valid_from: str
    valid_to: Text


class Contact(NamedTuple):
    person_id: str
    phone: Text
    email: Text
    current_province_code: Text
    current_commune_code: Text
    current_detail: Text
    current_coded_on: Text
    preferred_channel: Text
    bank_account: Text
    bank_name: Text


class Relative(NamedTuple):
    id: str
    person_id: str
    relation: str
    full_name: str
    personal_id: Text


class Ward(NamedTuple):
    id: str
    guardian_personal_id: str
    child_personal_id: str
    relation: str
    until: str


class Household(NamedTuple):
    id: str
    household_code: Text
    registration_type: str
    province_code: str
    commune_code: str
    address_detail: Text
    address_coded_on: str
    registered_on: str
    head_phone: Text


class Member(NamedTuple):
    id: str
    household_id: str
    personal_id: Text
    si_number: Text
    position: int
    relationship: str
    since: str
    ended_on: Text
    initial_facility_code: Text
    state_support_percent: int
    card_form: Text
    months_paid: int


class Participant(NamedTuple):
    id: str
    personal_id: str
    si_number: str
    subject_type: Text
    payment_method: Text
    managing_agency_code: Text
    employer_tax_code: Text
    object_group: Text
    job_title: Text
    employed_since: Text
    salary: Number
    status: str
    reserved_months: int


class Book(NamedTuple):
    id: str
    book_code: str
    personal_id: str
    issuer: str
    issued_on: str
    version: int
    data_as_of: str
    status: str
    closed_up_to: Text
    linked_to_vneid: Text


class Contribution(NamedTuple):
    """`salary` and both amounts are of one month; a rate is that of both sides together, in percent."""

    id: str
    personal_id: str
    from_month: str
    to_month: str
    employer_tax_code: Text
    object_group: Text
    unit_code: Text
    unit_name: str
    job_title: str
    workplace: Text
    kinds: str
    salary_kind: str
    salary: int
    coefficient: Text
    position_allowance: Text
    seniority_percent: Number
    other_supplement: Number
    region: Text
    rate_retirement: str
    rate_sickness: str
    rate_accident: str
    rate_unemployment: str
    rate_health: str
    employee_amount: int
    employer_amount: int
    status: str
    settled: str
    movement_code: Text
    recorded_on: str


class Benefit(NamedTuple):
    id: str
    personal_id: str
    regime: str
    decision_number: Text
    decided_on: Text
    decided_by: Text
    period_from: str
    period_to: Text
    days: Number
    amount: int
    paid_via: Text
    basis_salary: Number
    rate_percent: Text
    diagnosis_code: Text
    months_counted: Number
    status: str


class HealthCard(NamedTuple):
    id: str
    personal_id: str
    hi_number: str
    card_code: str
    object_group: str
    benefit_level: int
    living_area: Text
    initial_facility_code: str
    valid_from: str
    valid_to: str
    five_years_on: Text
    copay_exempt_from: Text
    copay_this_year: Number
    issuer: str
    status: str


class Visit(NamedTuple):
    id: str
    personal_id: str
    card_code: Text
    facility_code: str
    admitted_at: str
    discharged_at: Text
    diagnosis_code: str
    treatment: str
    result: Text
    total_cost: int
    insurance_paid: int
    patient_copay: int


class UnemploymentPeriod(NamedTuple):
    id: str
    personal_id: str
    decision_number: Text
    from_date: str
    to_date: Text
    monthly_amount: int
    months_granted: int
    status: str
    termination_reason: Text


class Employer(NamedTuple):
    id: str
    tax_code: str
    budget_code: Text
    name: str
    entity_type: str
    industry_code: str
    province_code: str
    commune_code: str
    address_detail: Text
    address_coded_on: str
    phone: Text
    email: Text
    payment_method: str
    status: str
    establishment_decision: Text
    representative_name: str
    representative_personal_id: Text
    founded_on: Text


class EmployerUnit(NamedTuple):
    tax_code: str
    object_group: str
    unit_code: str


class Facility(NamedTuple):
    code: str
    name: str
    level: str
    province_code: str
    commune_code: str
    address_detail: Text
    address_coded_on: str
    employer_tax_code: Text


Row = tuple[str | int | None, ...]

# Source, table and row of every table; a table stands behind those it refers to.
TABLES: tuple[tuple[str, str, type[Row]], ...] = (
    ("population", "person", Person),
    ("population", "person_identifier", PersonIdentifier),
    ("population", "contact", Contact),
    ("population", "relative", Relative),
    ("population", "ward", Ward),
    ("household", "household", Household),
    ("household", "member", Member),
    ("insurance", "participant", Participant),
    ("insurance", "book", Book),
    ("insurance", "contribution", Contribution),
    ("insurance", "benefit", Benefit),
    ("insurance", "health_card", HealthCard),
    ("insurance", "visit", Visit),
    ("insurance", "unemployment_period", UnemploymentPeriod),
    ("employer", "employer", Employer),
    ("employer", "employer_unit", EmployerUnit),
    ("employer", "facility", Facility),
)
SOURCES = ("population", "household", "insurance", "employer")


def columns(table: str) -> tuple[str, ...]:
    """The columns a row of that table fills, in order."""
    for _, name, row in TABLES:
        if name == table:
            fields: tuple[str, ...] = row._fields  # type: ignore[attr-defined]
            return fields
    raise KeyError(table)


@dataclass(slots=True)
class ClassRows:
    """The rows of one record class, by table, in the order they were made."""

    person: list[Person] = field(default_factory=list)
    person_identifier: list[PersonIdentifier] = field(default_factory=list)
    contact: list[Contact] = field(default_factory=list)
    relative: list[Relative] = field(default_factory=list)
    ward: list[Ward] = field(default_factory=list)
    household: list[Household] = field(default_factory=list)
    member: list[Member] = field(default_factory=list)
    participant: list[Participant] = field(default_factory=list)
    book: list[Book] = field(default_factory=list)
    contribution: list[Contribution] = field(default_factory=list)
    benefit: list[Benefit] = field(default_factory=list)
    health_card: list[HealthCard] = field(default_factory=list)
    visit: list[Visit] = field(default_factory=list)
    unemployment_period: list[UnemploymentPeriod] = field(default_factory=list)
    employer: list[Employer] = field(default_factory=list)
    employer_unit: list[EmployerUnit] = field(default_factory=list)
    facility: list[Facility] = field(default_factory=list)


class Rows:
    """The rows of all three classes."""

    __slots__ = ("civilian", "defence", "public_security")

    def __init__(self) -> None:
        self.civilian = ClassRows()
        self.defence = ClassRows()
        self.public_security = ClassRows()

    def of(self, record_class: RecordClass) -> ClassRows:
        rows: ClassRows = getattr(self, record_class.value)
        return rows

    def tables(self) -> Iterator[tuple[RecordClass, str, str, list[Row]]]:
        """Every list that holds something: class, source, table, rows."""
        for record_class in RecordClass:
            for source, table, _ in TABLES:
                found: list[Row] = getattr(self.of(record_class), table)
                if found:
                    yield record_class, source, table, found

    def extend(self, other: Rows) -> None:
        for record_class, _, table, found in other.tables():
            getattr(self.of(record_class), table).extend(found)
