"""The vectors of contributions, counted years, premiums, pensions and unemployment benefit."""

from __future__ import annotations

from datetime import date

import pytest

from hub.domain import arithmetic as of

OLD_REFERENCE, NEW_REFERENCE = (2026, 6), (2026, 7)


@pytest.mark.parametrize(
    ("month", "salary", "basis", "unemployment_basis", "employee", "employer"),
    [
        (
            OLD_REFERENCE,
            6_000_000,
            6_000_000,
            6_000_000,
            (480_000, 90_000, 60_000),
            (840_000, 180_000, 30_000, 180_000, 60_000),
        ),
        (
            OLD_REFERENCE,
            12_345_678,
            12_345_678,
            12_345_678,
            (987_654, 185_185, 123_457),
            (1_728_395, 370_370, 61_728, 370_370, 123_457),
        ),
        (
            OLD_REFERENCE,
            60_000_000,
            46_800_000,
            60_000_000,
            (3_744_000, 702_000, 600_000),
            (6_552_000, 1_404_000, 234_000, 1_404_000, 600_000),
        ),
        (
            NEW_REFERENCE,
            60_000_000,
            50_600_000,
            60_000_000,
            (4_048_000, 759_000, 600_000),
            (7_084_000, 1_518_000, 253_000, 1_518_000, 600_000),
        ),
    ],
)
def test_a_month_of_contribution(
    month: tuple[int, int],
    salary: int,
    basis: int,
    unemployment_basis: int,
    employee: tuple[int, ...],
    employer: tuple[int, ...],
) -> None:
    parts = of.split(salary, of.terms(*month, "I"))
    assert (parts.basis, parts.unemployment_basis) == (basis, unemployment_basis)
    assert (parts.retirement_ee, parts.health_ee, parts.unemployment_ee) == employee
    assert (
        parts.retirement_er,
        parts.sickness_er,
        parts.accident_er,
        parts.health_er,
        parts.unemployment_er,
    ) == employer
    assert parts.employee == sum(employee)
    assert parts.employer == sum(employer)


def test_the_floor_is_the_reference_level_and_the_unemployment_cap_is_regional() -> None:
    at = of.terms(2026, 1, "I")
    assert of.split(1_000_000, at).basis == 2_340_000
    assert of.split(200_000_000, at).unemployment_basis == 106_200_000
    assert of.split(9_000_000, at, unemployment=False).unemployment_ee == 0


@pytest.mark.parametrize(
    ("on", "premiums"),
    [
        (date(2026, 1, 1), (1_263_600, 884_520, 758_160, 631_800, 505_440)),
        (date(2026, 7, 1), (1_366_200, 956_340, 819_720, 683_100, 546_480)),
    ],
)
def test_household_premiums_fall_by_steps(on: date, premiums: tuple[int, ...]) -> None:
    assert tuple(of.household_premium(on, n) for n in range(1, 6)) == premiums
    assert of.household_premium(on, 6) == premiums[-1]


def test_a_household_of_five_pays_4_043_520() -> None:
    assert sum(of.household_premium(date(2026, 1, 1), n) for n in range(1, 6)) == 4_043_520


@pytest.mark.parametrize(("months", "years"), [(0, 0), (180, 15), (185, 15.5), (186, 15.5), (187, 16), (191, 16)])
def test_counted_years(months: int, years: float) -> None:
    assert of.counted_years(months) == years


@pytest.mark.parametrize(
    ("sex", "years", "percent"),
    [
        ("FEMALE", 26, 67),
        ("FEMALE", 30, 75),
        ("FEMALE", 40, 75),
        ("MALE", 17, 42),
        ("MALE", 20, 45),
        ("MALE", 30, 65),
        ("MALE", 35, 75),
        ("MALE", 14.5, 0),
        ("FEMALE", 15, 45),
        ("MALE", 19, 44),
    ],
)
def test_pension_rates(sex: str, years: float, percent: float) -> None:
    assert of.pension_rate(sex, years) == percent


@pytest.mark.parametrize(
    ("year", "men", "women"), [(2025, 61 * 12 + 3, 56 * 12 + 8), (2028, 62 * 12, 57 * 12 + 8), (2035, 62 * 12, 60 * 12)]
)
def test_retirement_ages_rise(year: int, men: int, women: int) -> None:
    on = date(year, 6, 1)
    assert (of.retirement_age_months("MALE", on), of.retirement_age_months("FEMALE", on)) == (men, women)


@pytest.mark.parametrize(
    ("paid", "granted"), [(11, 0), (12, 3), (36, 3), (47, 3), (48, 4), (60, 5), (144, 12), (200, 12)]
)
def test_months_of_unemployment_benefit(paid: int, granted: int) -> None:
    assert of.unemployment_months(paid) == granted


def test_amount_of_unemployment_benefit() -> None:
    assert of.unemployment_amount(9_000_000, "I", date(2026, 3, 1)) == 5_400_000
    assert of.unemployment_amount(60_000_000, "I", date(2026, 3, 1)) == 26_550_000


def test_a_conscript_is_paid_for_by_the_ministry() -> None:
    assert of.conscript_contribution(date(2026, 1, 1), 0) == 1_029_600  # 22 % of 2 x 2,340,000
    assert of.conscript_contribution(date(2025, 6, 1), 0) == 514_800  # 22 % of 1 x 2,340,000
    assert of.conscript_contribution(date(2026, 1, 1), 24) == 1_287_000  # 22 % of 2.5 levels
    assert of.conscript_contribution(date(2026, 1, 1), 120) == 2_059_200  # 22 % of 4 levels, the most


def test_co_payment_ends_above_six_levels_after_five_years() -> None:
    on = date(2026, 8, 1)
    assert of.copay_exempt(15_200_000, True, on)
    assert not of.copay_exempt(14_900_000, True, on)
    assert not of.copay_exempt(15_200_000, False, on)


def test_a_day_before_the_first_row_is_refused() -> None:
    with pytest.raises(LookupError, match="base_salary"):
        of.base_salary(date(1990, 1, 1))


def test_the_days_of_change_are_known() -> None:
    assert date(2026, 7, 1) in of.changes("base_salary")


def test_a_salary_counts_with_the_coefficient_of_its_year() -> None:
    assert [of.cpi_coefficient(year) for year in (1990, 1995, 2010, 2024, 2026)] == [563, 478, 190, 100, 100]
