"""Laws of the synthetic country, over the rows themselves, without a database."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Protocol

import pytest

from hub.demo.country import generate
from hub.demo.country.frame import Frame, all_clinics, frame
from hub.demo.country.people import Human
from hub.demo.country.people import sixteen as sixteenth_birthday
from hub.demo.country.plan import plan
from hub.demo.country.rows import ClassRows, Contribution, Rows
from hub.demo.country.sample import Sample, sample
from hub.domain import identifiers
from hub.domain.arithmetic import conscript_contribution
from hub.domain.codes import rows as table_rows
from hub.domain.codes import table
from hub.model.viewer import RecordClass

PEOPLE, SEED = 3_000, 11
TODAY = date(2026, 11, 1)
HIDDEN = (RecordClass.DEFENCE, RecordClass.PUBLIC_SECURITY)


class HasPersonalId(Protocol):
    @property
    def personal_id(self) -> str: ...


def whole(people: int, seed: int, blocks: int = 5) -> Rows:
    rows = Rows()
    for _, found in generate(people, seed, blocks):
        rows.extend(found)
    return rows


def digest(rows: Rows) -> str:
    found = hashlib.sha256()
    for record_class, _, name, lines in rows.tables():
        found.update(f"{record_class.value}.{name}\n".encode())
        for line in lines:
            found.update(repr(tuple(line)).encode())
    return found.hexdigest()


@pytest.fixture(scope="module")
def country() -> Rows:
    return whole(PEOPLE, SEED)


@pytest.fixture(scope="module")
def larger() -> Rows:
    """Large enough for what is rare."""
    return whole(8_000, 1)


@pytest.fixture(scope="module")
def its_frame() -> Frame:
    return frame(PEOPLE, SEED)


def of_all(country: Rows) -> Iterator[ClassRows]:
    return (country.of(one) for one in RecordClass)


# --- the same country again ------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_country_however_it_is_cut(country: Rows) -> None:
    assert digest(whole(PEOPLE, SEED, blocks=1)) == digest(country)


def test_another_process_with_another_hash_seed_gives_the_same_country() -> None:
    program = (
        "import hashlib\nfrom hub.demo.country import generate\nfound = hashlib.sha256()\n"
        "for _, rows in generate(1000, 5):\n    for _, _, _, lines in rows.tables():\n"
        "        found.update(repr([tuple(line) for line in lines]).encode())\nprint(found.hexdigest())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(answers) == 1


def test_another_seed_gives_another_country() -> None:
    assert digest(whole(1_000, 1)) != digest(whole(1_000, 2))


@pytest.mark.parametrize("people", [1_000, 1_001, 2_345])
def test_a_country_has_exactly_so_many_people(people: int) -> None:
    assert sum(len(one.person) for one in of_all(whole(people, 3))) == people


@pytest.mark.parametrize(("people", "seed"), [(999, 1), (1_000_001, 1), (1_000, -1)])
def test_a_country_out_of_bounds_is_refused(people: int, seed: int) -> None:
    with pytest.raises(ValueError, match=r"a country has|a seed is"):
        plan(people, seed)


# --- one country in four registers -----------------------------------------------------------------------------------


def test_every_identifier_is_valid(country: Rows) -> None:
    for rows in of_all(country):
        for person in rows.person:
            identifiers.parse_personal_id(str(person.personal_id), TODAY)
            identifiers.PARTIAL_DATE.check(person.birth_date)
        for known in rows.person_identifier:
            if known.scheme == "PERSONAL_ID":
                identifiers.PERSONAL_ID.check(known.value)
            if known.scheme == "SI_NUMBER":
                identifiers.SI_NUMBER.check(known.value)
        for card in rows.health_card:
            assert identifiers.CARD_CODE.check(card.card_code).endswith(card.hi_number)
            identifiers.FACILITY_CODE.check(card.initial_facility_code)
        for employer in rows.employer:
            identifiers.TAX_CODE.check(employer.tax_code)
            assert employer.budget_code is None or identifiers.BUDGET_CODE.check(employer.budget_code)
            assert employer.phone is None or identifiers.PHONE.check(employer.phone)
        for unit in rows.employer_unit:
            identifiers.UNIT_CODE.check(unit.unit_code)
        for facility in rows.facility:
            identifiers.FACILITY_CODE.check(facility.code)
        for household in rows.household:
            assert household.household_code is None or identifiers.HOUSEHOLD_CODE.check(household.household_code)
            assert household.head_phone is None or identifiers.PHONE.check(household.head_phone)
        for contact in rows.contact:
            assert contact.phone is None or identifiers.PHONE.check(contact.phone)
        for line in rows.contribution:
            identifiers.month_range(line.from_month, line.to_month)
            assert line.unit_code is None or identifiers.UNIT_CODE.check(line.unit_code)
        for visit in rows.visit:
            identifiers.ICD10.check(visit.diagnosis_code)


def test_every_code_is_in_its_table(country: Rows) -> None:
    communes = {one.code: one.facts["province_code"] for one in table("commune").at(TODAY)}
    for rows in of_all(country):
        for person in rows.person:
            coded_on = date.fromisoformat(person.residence_coded_on)
            assert table("province").name(person.residence_province_code, coded_on) is not None
            if coded_on >= date(2025, 7, 1):
                assert communes[person.residence_commune_code] == person.residence_province_code
            assert str(person.birth_province_code) in table("birth_province")
            assert person.ethnicity_code is None or person.ethnicity_code in table("ethnic_group")
        for participant in rows.participant:
            assert participant.subject_type is None or participant.subject_type in table("subject_type")
            assert str(participant.managing_agency_code) in table("agency")
        for visit in rows.visit:
            assert visit.diagnosis_code in table("icd10")
        for employer in rows.employer:
            assert employer.industry_code in table("industry")
            assert communes[employer.commune_code] == employer.province_code
        for facility in rows.facility:
            assert communes[facility.commune_code] == facility.province_code


def test_the_registers_know_the_same_people(country: Rows) -> None:
    people = {one.personal_id: one for rows in of_all(country) for one in rows.person}
    ids = {one.id for rows in of_all(country) for one in rows.person}
    numbers = {
        (known.person_id, known.value)
        for rows in of_all(country)
        for known in rows.person_identifier
        if known.scheme == "SI_NUMBER"
    }
    employers = {one.tax_code for rows in of_all(country) for one in rows.employer}
    facilities = {one.code for rows in of_all(country) for one in rows.facility}
    households = {one.id for rows in of_all(country) for one in rows.household}
    for rows in of_all(country):
        own = {one.id for one in rows.person}
        assert {one.person_id for one in rows.person_identifier} | {one.person_id for one in rows.contact} <= own
        assert all(one.person_id in ids and one.personal_id in people for one in rows.relative)
        assert all(one.guardian_personal_id in people and one.child_personal_id in people for one in rows.ward)
        assert all(one.household_id in households and one.personal_id in people for one in rows.member)
        insured: tuple[Sequence[HasPersonalId], ...] = (
            rows.contribution,
            rows.book,
            rows.benefit,
            rows.health_card,
            rows.visit,
            rows.participant,
            rows.unemployment_period,
        )
        assert all(line.personal_id in people for lines in insured for line in lines)
        for participant in rows.participant:
            assert (people[participant.personal_id].id, participant.si_number) in numbers
            assert participant.employer_tax_code is None or participant.employer_tax_code in employers
        assert all(one.employer_tax_code is None or one.employer_tax_code in employers for one in rows.contribution)
        assert all(one.initial_facility_code in facilities for one in rows.health_card)
        assert all(one.facility_code in facilities for one in rows.visit)
        assert all(one.representative_personal_id in people for one in rows.employer)
        assert all(one.employer_tax_code is None or one.employer_tax_code in employers for one in rows.facility)


def test_everybody_is_a_member_of_one_household_or_dead(country: Rows) -> None:
    present = Counter(one.personal_id for rows in of_all(country) for one in rows.member if one.ended_on is None)
    for rows in of_all(country):
        for person in rows.person:
            assert present[person.personal_id] == (1 if person.life_status == "ALIVE" else 0)


def sixteen(birth_date: str) -> date:
    """The first day on which somebody may be sixteen, as far as the date of birth is known."""
    year, month, day = (*map(int, birth_date.split("-")), 1, 1)[:3]
    return date(year + 16, month, day)


def test_a_ward_is_under_sixteen_today_and_stays_so_until_the_day_it_says(larger: Rows) -> None:
    people = {one.personal_id: one for rows in of_all(larger) for one in rows.person}
    checked = 0
    for rows in of_all(larger):
        for ward in rows.ward:
            birth_date = people[ward.child_personal_id].birth_date
            birthday = date.fromisoformat(ward.until) + timedelta(days=1)
            assert birthday > TODAY
            if len(birth_date) == 10:
                assert birthday == sixteen(birth_date)
                checked += 1
            else:
                assert (birthday.isoformat()[: len(birth_date)]) == sixteen(birth_date).isoformat()[: len(birth_date)]
    assert checked > 1_000


def test_care_for_one_who_is_born_on_a_leap_day_ends_before_a_leap_day() -> None:
    child = Human(1, "CHILD", "FEMALE", date(2012, 2, 29).toordinal())
    assert date.fromordinal(sixteenth_birthday(child)) == date(2028, 2, 29)


def test_every_child_under_sixteen_is_in_somebodys_care(larger: Rows) -> None:
    cared_for = {one.child_personal_id for rows in of_all(larger) for one in rows.ward}
    children = {
        one.personal_id
        for rows in of_all(larger)
        for one in rows.person
        if len(one.birth_date) == 10 and sixteen(one.birth_date) > TODAY
    }
    assert children
    assert children <= cared_for


def test_a_guardian_lives_and_is_named_by_the_child(larger: Rows) -> None:
    people = {one.personal_id: one for rows in of_all(larger) for one in rows.person}
    named = {(one.person_id, one.relation, one.personal_id) for rows in of_all(larger) for one in rows.relative}
    pairs: set[tuple[str, str]] = set()
    for rows in of_all(larger):
        for ward in rows.ward:
            child, guardian = people[ward.child_personal_id], people[ward.guardian_personal_id]
            assert (child.id, ward.relation, guardian.personal_id) in named
            assert guardian.life_status == child.life_status == "ALIVE"
            assert guardian.birth_date < child.birth_date
            pairs.add((ward.guardian_personal_id, ward.child_personal_id))
    assert len(pairs) == sum(len(rows.ward) for rows in of_all(larger))
    relations = {one.relation for rows in of_all(larger) for one in rows.ward}
    assert relations == {"FATHER", "MOTHER", "LEGAL_REPRESENTATIVE"}


def test_a_number_is_borne_once(country: Rows) -> None:
    known = [(one.scheme, one.value) for rows in of_all(country) for one in rows.person_identifier]
    assert len(known) == len(set(known))
    for values in (
        [one.tax_code for rows in of_all(country) for one in rows.employer],
        [one.book_code for rows in of_all(country) for one in rows.book],
        [one.household_code for rows in of_all(country) for one in rows.household if one.household_code],
        [one.id for _, _, _, lines in country.tables() for one in lines if hasattr(one, "id")],
    ):
        assert len(values) == len(set(values))


def test_a_line_names_the_employer_as_it_was_called_then(country: Rows, its_frame: Frame) -> None:
    places = {one.tax_code: one for one in (*its_frame.employers, *(u for us in its_frame.armed.values() for u in us))}
    renamed = 0
    for rows in of_all(country):
        for line in rows.contribution:
            if line.employer_tax_code is not None:
                place = places[line.employer_tax_code]
                year, month = line.to_month.split("-")
                assert line.unit_name == place.name_at(int(year) * 12 + int(month) - 1)
                renamed += line.unit_name != place.name
    assert renamed > 0


# --- what must stay hidden -------------------------------------------------------------------------------------------


def civilian_values(country: Rows) -> Iterator[tuple[str, str, object]]:
    for record_class, _, name, lines in country.tables():
        if record_class is RecordClass.CIVILIAN:
            for line in lines:
                for column, value in zip(line._fields, line, strict=True):  # type: ignore[attr-defined]
                    yield name, column, value


def test_no_civilian_row_names_a_hidden_thing(country: Rows, its_frame: Frame) -> None:
    secret: set[object] = set()
    for hidden in HIDDEN:
        rows = country.of(hidden)
        secret |= {one.personal_id for one in rows.person} | {one.id for one in rows.person}
        secret |= {one.value for one in rows.person_identifier}
        secret |= {one.id for one in rows.household} | {one.household_code for one in rows.household}
        secret |= {one.tax_code for one in rows.employer} | {one.name for one in rows.employer}
        secret |= {one.budget_code for one in rows.employer} | {one.unit_code for one in rows.employer_unit}
        secret |= {one.code for one in rows.facility} | {one.name for one in rows.facility}
        secret |= {one.card_code for one in rows.health_card}
    secret.discard(None)
    found = [(name, column, value) for name, column, value in civilian_values(country) if value in secret]
    assert found == []


def test_no_civilian_row_gives_a_class_away(country: Rows) -> None:
    rows = country.civilian
    revealing = {one.code for one in table("object_group") if one.facts["reveals"]}
    assert not revealing & {one.object_group for one in rows.health_card}
    assert not revealing & {one.object_group for one in rows.contribution}
    assert not revealing & {one.object_group for one in rows.participant}
    assert all(one.benefit_level != 5 and one.issuer == "PROVINCIAL_SI" for one in rows.health_card)
    assert not {"C", "D", "DD", "E"} & {one.subject_type for one in rows.participant}
    assert not {"09700", "09800"} & {one.managing_agency_code for one in rows.participant}
    assert all(one.issuer == "VSS" for one in rows.book)
    facilities = [one.facility_code for one in rows.visit] + [one.initial_facility_code for one in rows.health_card]
    facilities += [one.initial_facility_code or "" for one in rows.member] + [one.code for one in rows.facility]
    assert not any(code.startswith(("97", "98")) for code in facilities)
    assert not any(one.si_number.startswith(("97", "98")) for one in rows.participant)
    assert all(one.entity_type != "ARMED_FORCES_UNIT" for one in rows.employer)
    assert "SERVICE" not in {one.termination_reason for one in rows.unemployment_period}
    ranks = {"Thiếu úy", "Trung úy", "Thượng úy", "Đại úy", "Thiếu tá", "Trung tá", "Thượng tá", "Đại tá", "Chiến sĩ"}
    assert not any(line.job_title.startswith(tuple(ranks)) for line in rows.contribution)
    zones = {one.code for one in table("commune") if one.name.startswith("Đặc khu")}
    assert not zones & {one.residence_commune_code for one in rows.person}


def test_a_civilian_household_shows_no_gap_and_one_head(country: Rows) -> None:
    members = defaultdict(list)
    for member in country.civilian.member:
        members[member.household_id].append(member)
    assert set(members) == {one.id for one in country.civilian.household}
    for found in members.values():
        assert sum(one.relationship == "HEAD" and one.ended_on is None for one in found) == 1
        assert {one.position for one in found} == set(range(1, max(one.position for one in found) + 1))


def test_a_ward_row_lives_in_the_class_it_would_give_away(larger: Rows) -> None:
    """In that of the guardian, else of the child; both are civilian where the row is."""
    lives_in = {one.personal_id: of for of in RecordClass for one in larger.of(of).person}
    for of in RecordClass:
        for ward in larger.of(of).ward:
            classes = [lives_in[ward.guardian_personal_id], lives_in[ward.child_personal_id]]
            assert of is next((one for one in classes if one is not RecordClass.CIVILIAN), RecordClass.CIVILIAN)
    assert all(larger.of(of).ward for of in RecordClass)


def test_the_wards_of_a_class_say_no_more_than_the_relatives_of_that_class(larger: Rows) -> None:
    """Made once more from the `relative` rows of one class alone, whatever the other classes hold."""
    people = {one.id: one for rows in of_all(larger) for one in rows.person}
    children = {one.child_personal_id for rows in of_all(larger) for one in rows.ward}
    living = {one.personal_id for one in people.values() if one.life_status == "ALIVE"}
    for of in RecordClass:
        expected = {
            (one.personal_id, people[one.person_id].personal_id)
            for one in larger.of(of).relative
            if one.relation != "SPOUSE" and people[one.person_id].personal_id in children and one.personal_id in living
        }
        assert {(one.guardian_personal_id, one.child_personal_id) for one in larger.of(of).ward} == expected


def test_no_civilian_child_stands_out_by_having_nobody(larger: Rows) -> None:
    """A hidden parent leaves the child of one parent behind, never a child in nobody's care."""
    civilian = {one.personal_id for one in larger.civilian.person}
    hidden = {one.child_personal_id for of in HIDDEN for one in larger.of(of).ward} & civilian
    cared_for = Counter(one.child_personal_id for one in larger.civilian.ward)
    parents = Counter(one.person_id for one in larger.civilian.relative if one.relation in {"FATHER", "MOTHER"})
    ids = {one.personal_id: one.id for one in larger.civilian.person}
    assert hidden
    assert all(cared_for[child] == parents[ids[child]] == 1 for child in hidden)
    alone = {child for child, guardians in cared_for.items() if guardians == 1}
    assert len(alone - hidden) > len(alone & hidden)


def test_about_two_in_a_hundred_people_have_hidden_rows(country: Rows) -> None:
    for rows in (country, whole(2_000, 77), whole(1_000, 4)):
        people = sum(len(one.person) for one in of_all(rows))
        touched = {
            line.personal_id
            for one in HIDDEN
            for lines in (rows.of(one).person, rows.of(one).contribution, rows.of(one).health_card)
            for line in lines
        }
        assert 0.015 <= len(touched) / people <= 0.025


def test_every_kind_of_hidden_row_exists(larger: Rows) -> None:
    rows = larger
    groups = {of: {one.object_group for one in rows.of(of).health_card} for of in HIDDEN}
    assert groups[RecordClass.DEFENCE] >= {"QN", "TQ", "TV"}
    assert groups[RecordClass.PUBLIC_SECURITY] >= {"CA", "TA"}
    assert any(one.regime == "PENSION" for one in rows.defence.benefit)
    civilian = {one.personal_id for one in rows.civilian.person}
    assert any(one.personal_id in civilian for one in rows.defence.contribution)  # conscripts
    assert rows.defence.household
    assert any(one.code.startswith("97") for one in rows.defence.facility)
    assert any(one.code.startswith("98") for one in rows.public_security.facility)


# --- arithmetic and realism ------------------------------------------------------------------------------------------


def in_force(name: str, on: str) -> dict[str, str]:
    return max((row for row in table_rows(name) if row["valid_from"] <= on), key=lambda row: row["valid_from"])


def share(amount: int, percent: str) -> int:
    return int((Decimal(amount) * Decimal(percent) / 100).quantize(Decimal(1), ROUND_HALF_UP))


def reckoned(line: Contribution, month: str) -> tuple[int, int]:
    """Employee's and employer's part of a month, from the tables, without the code under test."""
    on = f"{month}-01"
    reference, rate = int(in_force("base_salary", on)["amount"]), in_force("contribution_rate", on)
    basis = min(max(line.salary, reference), 20 * reference)
    employee = share(basis, rate["retirement_employee"]) + share(basis, rate["health_employee"])
    employer = sum(share(basis, rate[f"{fund}_employer"]) for fund in ("retirement", "sickness", "accident", "health"))
    if "UNEMPLOYMENT" in line.kinds:
        wages = [int(in_force("minimum_wage", on)[f"region_{n}"]) * 20 for n in (1, 2, 3, 4)]
        region = ("I", "II", "III", "IV").index(line.region) if line.region else 0
        capped = min(line.salary, wages[region])
        employee += share(capped, rate["unemployment_employee"])
        employer += share(capped, rate["unemployment_employer"])
    return employee, employer


def test_the_amounts_of_a_line_hold_in_its_first_and_its_last_month(country: Rows) -> None:
    checked = 0
    for line in country.civilian.contribution[::7]:
        if line.employer_tax_code is None:
            assert (line.employee_amount, line.employer_amount) == (share(line.salary, "22"), 0)
            continue
        for month in (line.from_month, line.to_month):
            assert reckoned(line, month) == (line.employee_amount, line.employer_amount), line
        checked += 1
    assert checked > 1_000


def test_a_coefficient_times_the_base_salary_is_the_salary(country: Rows) -> None:
    lines = [one for rows in of_all(country) for one in rows.contribution if one.salary_kind == "COEFFICIENT"]
    assert lines
    for line in lines:
        for month in (line.from_month, line.to_month):
            base = int(in_force("base_salary", f"{month}-01")["amount"])
            whole_coefficient = Decimal(line.coefficient or 0) + Decimal(line.position_allowance or 0)
            salary = whole_coefficient * base * (100 + (line.seniority_percent or 0)) / 100
            assert line.salary == int(salary.quantize(Decimal(1), ROUND_HALF_UP))


def test_a_salary_is_never_below_the_minimum_wage_of_its_month(country: Rows) -> None:
    for line in country.civilian.contribution:
        if line.salary_kind == "AMOUNT" and line.region and line.from_month >= "2009-01":
            region = ("I", "II", "III", "IV").index(line.region) + 1
            assert line.salary >= int(in_force("minimum_wage", f"{line.to_month}-01")[f"region_{region}"])


def test_a_conscript_costs_his_ministry_22_percent(country: Rows) -> None:
    lines = [one for hidden in HIDDEN for one in country.of(hidden).contribution if one.job_title == "Chiến sĩ"]
    assert lines
    for line in lines:
        year, month = line.from_month.split("-")
        assert line.employee_amount == 0
        assert line.employer_amount == conscript_contribution(date(int(year), int(month), 1), 0)


def test_lines_of_one_person_overlap_only_where_two_books_do(country: Rows) -> None:
    lines = defaultdict(list)
    for rows in of_all(country):
        for line in rows.contribution:
            lines[line.personal_id].append((line.from_month, line.to_month))
    second = {
        known.person_id
        for known in country.civilian.person_identifier
        if known.scheme == "SI_NUMBER" and known.valid_to is not None
    }
    ids = {one.personal_id: one.id for one in country.civilian.person}
    overlapping = {
        person
        for person, periods in lines.items()
        if any(b[0] <= a[1] for a, b in zip(sorted(periods), sorted(periods)[1:], strict=False))
    }
    assert {ids[person] for person in overlapping} <= second
    assert overlapping


def test_nothing_happens_after_today_or_after_death(country: Rows) -> None:
    died = {one.personal_id: one.life_status_date for one in country.civilian.person if one.life_status_date}
    assert died
    for rows in of_all(country):
        for visit in rows.visit:
            assert visit.admitted_at[:10] <= died.get(visit.personal_id, "2026-11-01")
        for line in rows.contribution:
            assert line.to_month <= died.get(line.personal_id, "2026-10")[:7]
            assert line.recorded_on <= "2026-11-01"
        for benefit in rows.benefit:
            assert (benefit.decided_on or "") <= "2026-11-01"


def test_the_faults_of_real_registers_are_there(larger: Rows) -> None:
    rows = larger.civilian
    assert any(one.residence_coded_on < "2025-07-01" for one in rows.person)
    names = [one.full_name for one in rows.person]
    assert any(name.isascii() and name.isupper() for name in names)
    assert any("\u0301" in name or "\u0323" in name for name in names)
    assert any(len(one.birth_date) == 4 for one in rows.person)
    assert any(one.household_code is None for one in rows.household)
    assert any(one.status == "LATE" for one in rows.contribution)
    assert {one.scheme for one in rows.person_identifier} == {"PERSONAL_ID", "SI_NUMBER", "OLD_ID_CARD", "PASSPORT"}
    assert any(one.scheme == "PERSONAL_ID" and one.valid_to is not None for one in rows.person_identifier)
    wrong = [
        one
        for one in rows.person
        if identifiers.personal_id_warnings(str(one.personal_id), one.sex, int(one.birth_date[:4]))
    ]
    assert 0 < len(wrong) < len(rows.person) / 50


@pytest.mark.parametrize("seed", range(6))
def test_the_sample_viewers_exist_in_every_country(seed: int) -> None:
    found = sample(1_000, seed)
    rows = whole(1_000, seed)
    civilian = {one.personal_id: one for one in rows.civilian.person}
    assert found.soldier in {one.personal_id for one in rows.defence.person}
    assert found.soldier in {one.personal_id for one in rows.defence.book}
    assert found.police_officer in {one.personal_id for one in rows.public_security.person}
    assert found.conscript in {one.personal_id for one in rows.defence.contribution}
    assert found.conscript in {one.personal_id for one in rows.civilian.contribution}
    assert found.conscript in civilian
    citizen = civilian[found.citizen]
    assert citizen.full_name == found.citizen_name
    assert 1976 <= int(citizen.birth_date[:4]) <= 1996
    home = next(one.household_id for one in rows.civilian.member if one.personal_id == found.citizen)
    roles = sorted(one.relationship for one in rows.civilian.member if one.household_id == home)
    assert roles in (["CHILD", "CHILD", "HEAD", "WIFE"], ["CHILD", "CHILD", "HEAD", "HUSBAND"])
    lines = [one for one in rows.civilian.contribution if one.personal_id == found.citizen]
    assert len(lines) >= 5
    assert len({one.employer_tax_code for one in lines}) >= 2
    for own in (rows.civilian.health_card, rows.civilian.visit, rows.civilian.benefit, rows.civilian.book):
        assert any(one.personal_id == found.citizen for one in own)
    assert any(one.tax_code == found.employer_tax_code for one in rows.civilian.employer)
    cared_for = [one.until for one in rows.civilian.ward if one.guardian_personal_id == found.citizen]
    assert max(cared_for) > "2030-10"  # for years to come
    assert found.soldier in {one.guardian_personal_id for one in rows.defence.ward}
    assert found.police_officer in {one.guardian_personal_id for one in rows.public_security.ward}


def test_a_sample_is_saved_and_read(tmp_path: Path) -> None:
    found = sample(1_000, 1)
    found.save(tmp_path / "sample.json")
    assert Sample.read(tmp_path / "sample.json") == found


def test_every_facility_is_in_the_frame_once(its_frame: Frame) -> None:
    codes = [one.code for one in all_clinics(its_frame)]
    assert len(codes) == len(set(codes))
