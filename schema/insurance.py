"""Groups 4, 5 and 6 of Decree 164/2025: social, health and unemployment insurance, and the book that gathers them.

Every history is a list of rows of one person in one universe: the two years of a conscript stand beside his civilian
lines for a reader who is cleared for both, and totals are computed over what the reader's universe holds.
"""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from hub.authoring import (
    By,
    Key,
    Page,
    Source,
    Standing,
    aggregate,
    column,
    computed,
    connection,
    embedded,
    expression,
    link,
    lookup,
    one,
    record_class,
)
from hub.domain.arithmetic import counted_years
from schema.enums import (
    BenefitStatus,
    BookIssuer,
    BookStatus,
    CardIssuer,
    CardStatus,
    ContributionStatus,
    InsuranceKind,
    LivingArea,
    PaidVia,
    ParticipantStatus,
    PaymentMethod,
    RecordClass,
    Regime,
    Region,
    SalaryKind,
    SubjectType,
    TerminationReason,
    Treatment,
    TreatmentResult,
    UnemploymentStatus,
)
from schema.labels import Labels as L
from schema.scalars import BookCode, Code, Coefficient, Dong, Month, Percent, PersonalId, SiNumber, TaxCode
from schema.values import Agency, Diagnosis, ObjectGroup

insurance = Source("insurance")

OF_PERSON = {"personal_id": "personal_id"}

# What a person gathers in a lifetime comes whole, unless fewer rows are asked for.
LIFELONG = Page(most=1_000, usual=1_000)
BOTH = By.FILTER | By.ORDER


def years_counted(months: str | None) -> float | None:
    """Years that paid months count for (SI Law 41/2024; domain rule: 1-6 months are half a year, 7-11 a year)."""
    return counted_years(int(months)) if months else None


@insurance.row
class AppliedRates:
    """Contribution rates applied to a line, employee and employer together (tỷ lệ đóng), per cent of the basis."""

    retirement: Percent = column("rate_retirement", label=L.AMOUNT, says="Retirement and survivorship (hưu trí, tử tuất).")
    sickness: Percent = column("rate_sickness", label=L.AMOUNT, says="Sickness and maternity (ốm đau, thai sản).")
    accident: Percent = column("rate_accident", label=L.AMOUNT, says="Occupational accident and disease (TNLĐ-BNN).")
    unemployment: Percent = column("rate_unemployment", label=L.AMOUNT, says="Unemployment (BHTN).")
    health: Percent = column("rate_health", label=L.AMOUNT, says="Health (BHYT).")


@insurance.row
class Contribution:
    """One line of the payment history (quá trình đóng), form C14-TS; months are inclusive."""

    record_class: RecordClass = record_class(label=L.CLASS)
    id: strawberry.ID = column(label=L.KEY, says="Random id of the line (mã dòng).")
    from_month: Month = column(by=BOTH, label=L.STATUS, says="First month (từ tháng).")
    to_month: Month = column(by=BOTH, label=L.STATUS, says="Last month (đến tháng).")
    months: int = column(by=BOTH, label=L.STATUS, says="Number of months (số tháng).")
    employer: Employer | None = link(
        {"taxCode": "employer_tax_code"}, gives=Standing.OFFICIAL, by=By.FILTER, label=L.WORK, says="Employer (đơn vị sử dụng lao động)."
    )
    unit: EmployerUnit | None = link(
        {"taxCode": "employer_tax_code", "objectGroup": "object_group"},
        gives=None,
        label=L.AFFILIATION,
        says="Unit under whose code the line was declared (đơn vị tham gia).",
    )
    unit_code: Code | None = column(label=L.AFFILIATION, says="Code of that unit (mã đơn vị).")
    unit_name: str | None = column(label=L.POST, says="Name of the unit as declared (tên đơn vị).")
    job_title: str | None = column(by=By.FILTER, label=L.POST, says="Rank, position, job (cấp bậc, chức vụ, chức danh).")
    workplace: str | None = column(label=L.POST, says="Workplace (nơi làm việc).")
    kinds: list[InsuranceKind] = column(by=By.FILTER, label=L.STATUS, says="Funds paid to (loại bảo hiểm).")
    salary_kind: SalaryKind = column(by=By.FILTER, label=L.AMOUNT, says="Amount or coefficient (loại mức lương).")
    salary: Dong = column(by=BOTH, label=L.AMOUNT, says="Monthly basis of the contribution (mức lương đóng).")
    coefficient: Coefficient | None = column(label=L.AMOUNT, says="Salary coefficient (hệ số lương).")
    position_allowance: Coefficient | None = column(label=L.AMOUNT, says="Position allowance (phụ cấp chức vụ).")
    seniority_percent: Percent | None = column(label=L.AFFILIATION, says="Profession seniority (thâm niên nghề).")
    other_supplement: Dong | None = column(label=L.AMOUNT, says="Other supplements (các khoản bổ sung).")
    region: Region | None = column(by=By.FILTER, label=L.WORK, says="Regional minimum wage zone (vùng lương).")
    rates: AppliedRates = embedded(label=L.AMOUNT, says="Rates applied (tỷ lệ đóng).")
    employee_amount: Dong = column(label=L.AMOUNT, says="Paid by the employee each month (người lao động đóng).")
    employer_amount: Dong = column(label=L.AMOUNT, says="Paid by the employer each month (đơn vị đóng).")
    status: ContributionStatus = column(by=By.FILTER, label=L.STATUS, says="Paid, unpaid, late or evaded (tình trạng đóng).")
    settled: bool = column(by=By.FILTER, label=L.STATUS, says="Used up by a one-time benefit (đã hưởng BHXH một lần).")
    movement_code: Code | None = column(label=L.POST, says="Movement code of form D02-TS (phương án).")
    recorded_on: date = column(by=BOTH, label=L.STATUS, says="Recorded on (ngày ghi nhận).")


@insurance.row
class ContributionTotals:
    """Totals of the payment history within the reader's universe (tổng hợp quá trình đóng)."""

    months: int = expression(
        "coalesce((select sum(upper(s) - lower(s)) from unnest(range_agg({span}) filter (where {status} = 'PAID'"
        " and 'RETIREMENT' = any({kinds}) and not {settled})) s), 0)",
        label=L.STATUS,
        says="Months paid to the retirement fund and not yet used up, each month once (tổng thời gian đóng).",
    )
    years: float = computed(
        years_counted, "months", label=L.STATUS, says="Years those months count for: 185 months are 15.5 (số năm tính hưởng)."
    )
    late_months: int = expression(
        "coalesce(sum({months}) filter (where {status} <> 'PAID'), 0)",
        label=L.STATUS,
        says="Months unpaid, late or evaded (tổng thời gian chậm đóng).",
    )
    unemployment_months: int = expression(
        "coalesce((select sum(upper(s) - lower(s)) from unnest(range_agg({span}) filter (where {status} = 'PAID'"
        " and 'UNEMPLOYMENT' = any({kinds}))) s), 0)",
        label=L.STATUS,
        says="Months paid to the unemployment fund (tổng thời gian đóng BHTN).",
    )
    lines: int = expression("count(*)", label=L.STATUS, says="Lines of the history (số dòng).")
    employee_total: Dong = expression(
        "coalesce(sum({employee_amount} * {months}) filter (where {status} = 'PAID'), 0)",
        label=L.AMOUNT,
        says="Paid by the employee so far (người lao động đã đóng).",
    )
    employer_total: Dong = expression(
        "coalesce(sum({employer_amount} * {months}) filter (where {status} = 'PAID'), 0)",
        label=L.AMOUNT,
        says="Paid by employers so far (đơn vị đã đóng).",
    )


REGIMES = {
    "SICK": "ShortTermBenefit",
    "MATERNITY": "ShortTermBenefit",
    "RECOVERY": "ShortTermBenefit",
    "ACCIDENT": "AccidentBenefit",
    "PENSION": "Pension",
    "SOCIAL_PENSION": "Pension",
    "ONE_TIME": "OneTimeBenefit",
    "SURVIVOR": "OneTimeBenefit",
}


@insurance.interface("regime", REGIMES)
class BenefitSettlement:
    """A benefit enjoyed or settled (quá trình hưởng, giải quyết chế độ)."""

    record_class: RecordClass = record_class(label=L.CLASS)
    id: strawberry.ID = column(label=L.KEY, says="Random id of the settlement (mã giải quyết).")
    regime: Regime = column(by=By.FILTER, label=L.STATUS, says="Regime (chế độ).")
    decision_number: str | None = column(label=L.STATUS, says="Number of the decision (số quyết định).")
    decided_on: date | None = column(by=BOTH, label=L.STATUS, says="Date of the decision (ngày quyết định).")
    decided_by: str | None = column(label=L.AFFILIATION, says="Deciding agency (cơ quan giải quyết).")
    period_from: date = column(by=BOTH, label=L.STATUS, says="From (từ ngày).")
    period_to: date | None = column(by=BOTH, label=L.STATUS, says="To (đến ngày).")
    amount: Dong = column(by=BOTH, label=L.AMOUNT, says="Amount; for a pension a month (số tiền).")
    paid_via: PaidVia | None = column(by=By.FILTER, label=L.AMOUNT, says="How it was paid out (hình thức chi trả).")
    status: BenefitStatus = column(by=By.FILTER, label=L.STATUS, says="State (tình trạng).")


@insurance.row
class ShortTermBenefit(BenefitSettlement):
    """Sickness, maternity or recovery (ốm đau, thai sản, dưỡng sức)."""

    days: int | None = column(label=L.MEDICAL, says="Days (số ngày nghỉ).")
    diagnosis: Diagnosis | None = embedded(
        {"code": "diagnosis_code"}, present="diagnosis_code", label=L.MEDICAL, says="Diagnosis (chẩn đoán)."
    )
    basis_salary: Dong | None = column(label=L.AMOUNT, says="Salary it is computed from (mức lương tính hưởng).")
    rate_percent: Percent | None = column(label=L.AMOUNT, says="Rate (tỷ lệ hưởng).")


@insurance.row
class AccidentBenefit(BenefitSettlement):
    """Occupational accident or disease (tai nạn lao động, bệnh nghề nghiệp)."""

    diagnosis: Diagnosis | None = embedded(
        {"code": "diagnosis_code"}, present="diagnosis_code", label=L.MEDICAL, says="Diagnosis (chẩn đoán)."
    )
    rate_percent: Percent | None = column(label=L.MEDICAL, says="Loss of working capacity (tỷ lệ suy giảm).")


@insurance.row
class Pension(BenefitSettlement):
    """A monthly pension (lương hưu, trợ cấp hưu trí xã hội)."""

    basis_salary: Dong | None = column(label=L.AMOUNT, says="Average salary it is computed from (mức bình quân).")
    rate_percent: Percent | None = column(label=L.AMOUNT, says="Rate (tỷ lệ hưởng).")


@insurance.row
class OneTimeBenefit(BenefitSettlement):
    """A one-time settlement (BHXH một lần, tuất một lần)."""

    months_counted: int | None = column(label=L.STATUS, says="Months used up (số tháng đã tính).")


@insurance.row
class HealthCard:
    """A health card for one period of validity (thẻ BHYT)."""

    record_class: RecordClass = record_class(label=L.CLASS)
    hi_number: SiNumber = column(label=L.IDENTIFIER, says="Health insurance number (mã số BHYT), 10 digits.")
    card_code: Code | None = column(label=L.CARD_CODE, says="Old 15-character code (mã thẻ).")
    object_group: ObjectGroup | None = embedded({"code": "object_group"}, label=L.AFFILIATION, says="Group (nhóm đối tượng).")
    benefit_level: int | None = column(label=L.AFFILIATION, says="Benefit level, 1 to 5 (mức hưởng).")
    living_area: LivingArea | None = column(by=By.FILTER, label=L.CARD, says="Hard living area (khu vực).")
    initial_facility: Facility | None = link(
        {"code": "initial_facility_code"},
        gives=None,
        label=L.AFFILIATION,
        says="Facility of first registration (nơi đăng ký KCB ban đầu).",
    )
    valid_from: date = column(by=BOTH, label=L.CARD, says="Valid from (giá trị từ).")
    valid_to: date = column(by=BOTH, label=L.CARD, says="Valid to (giá trị đến).")
    five_years_on: date | None = column(label=L.CARD, says="Five continuous years on (thời điểm đủ 5 năm liên tục).")
    copay_exempt_from: date | None = column(label=L.CARD, says="Free of co-payment from (miễn cùng chi trả từ).")
    copay_this_year: Dong | None = column(label=L.MEDICAL, says="Own co-payment this year (lũy kế cùng chi trả).")
    issuer: CardIssuer | None = column(by=By.FILTER, label=L.AFFILIATION, says="Issuer (cơ quan cấp).")
    status: CardStatus = column(by=By.FILTER, label=L.CARD, says="State (trạng thái).")


@insurance.row
class Visit:
    """A medical visit paid by health insurance (lượt khám chữa bệnh)."""

    record_class: RecordClass = record_class(label=L.CLASS)
    id: strawberry.ID = column(label=L.KEY, says="Random id of the visit (mã lượt khám).")
    facility: Facility | None = link(
        {"code": "facility_code"}, gives=None, label=L.MEDICAL, says="Where (cơ sở KCB)."
    )
    card_code: Code | None = column(label=L.CARD_CODE, says="Card shown (mã thẻ).")
    admitted_at: datetime = column(by=BOTH, label=L.MEDICAL, says="Admitted at (ngày vào).")
    discharged_at: datetime | None = column(by=BOTH, label=L.MEDICAL, says="Discharged at (ngày ra).")
    diagnosis: Diagnosis = embedded({"code": "diagnosis_code"}, by=By.FILTER, label=L.MEDICAL, says="Main diagnosis (bệnh chính).")
    treatment: Treatment = column(by=By.FILTER, label=L.MEDICAL, says="Outpatient or inpatient (hình thức).")
    result: TreatmentResult | None = column(by=By.FILTER, label=L.MEDICAL, says="Result (kết quả điều trị).")
    total_cost: Dong = column(by=BOTH, label=L.MEDICAL, says="Total cost (tổng chi phí).")
    insurance_paid: Dong = column(label=L.MEDICAL, says="Paid by the fund (quỹ BHYT trả).")
    patient_copay: Dong = column(label=L.MEDICAL, says="Co-payment (cùng chi trả).")


@insurance.row
class HealthInsurance:
    """Group 5 of the decree: health insurance (bảo hiểm y tế)."""

    cards: list[HealthCard] = connection(
        "health_card", OF_PERSON, order=("valid_from", "id"), label=L.CARD, says="Cards, oldest first (thẻ BHYT).",
        page=LIFELONG,
    )
    visits: list[Visit] = connection(
        "visit", OF_PERSON, order=("admitted_at", "id"), label=L.MEDICAL, says="Visits, oldest first (lịch sử KCB).",
        page=LIFELONG,
    )


@insurance.row
class UnemploymentPeriod:
    """A period of unemployment benefit (đợt hưởng trợ cấp thất nghiệp)."""

    record_class: RecordClass = record_class(label=L.CLASS)
    decision_number: str | None = column(label=L.STATUS, says="Number of the decision (số quyết định).")
    from_date: date = column(by=BOTH, label=L.STATUS, says="From (từ ngày).")
    to_date: date | None = column(by=BOTH, label=L.STATUS, says="To (đến ngày).")
    monthly_amount: Dong = column(by=BOTH, label=L.AMOUNT, says="Amount a month (mức hưởng tháng).")
    months_granted: int = column(label=L.STATUS, says="Months granted (số tháng được hưởng).")
    status: UnemploymentStatus = column(by=By.FILTER, label=L.STATUS, says="State (tình trạng).")
    termination_reason: TerminationReason | None = column(
        label=L.SENSITIVE, says="Why it ended (lý do chấm dứt), Employment Law 74/2025 art. 41(4)."
    )


@insurance.row
class UnemploymentInsurance:
    """Group 6 of the decree: unemployment insurance (bảo hiểm thất nghiệp)."""

    totals: ContributionTotals = aggregate(
        "contribution", OF_PERSON, label=L.STATUS, says="Totals of the payment history (tổng hợp quá trình đóng)."
    )
    periods: list[UnemploymentPeriod] = connection(
        "unemployment_period",
        OF_PERSON,
        order=("from_date", "id"),
        label=L.STATUS,
        says="Periods of benefit, oldest first (các đợt hưởng).",
        page=LIFELONG,
    )


@insurance.entity("participant", Key(("siNumber",), ("si_number",)))
class Participant:
    """Group 4 of the decree: a participant of social insurance (người tham gia BHXH)."""

    record_class: RecordClass = record_class(label=L.CLASS)
    id: strawberry.ID = column(by=By.FILTER, label=L.KEY, says="Random id of the record (mã bản ghi).")
    si_number: SiNumber = column(label=L.IDENTIFIER, says="Social insurance number (mã số BHXH).")
    person: Person | None = link(
        {"personalId": "personal_id"}, gives=None, by=By.FILTER, label=L.LINK, says="The person (công dân)."
    )
    subject_type: SubjectType | None = column(label=L.AFFILIATION, says="Letter of the law's list (loại đối tượng).")
    payment_method: PaymentMethod | None = column(by=By.FILTER, label=L.STATUS, says="How contributions are paid (phương thức đóng).")
    managing_agency: Agency | None = embedded(
        {"code": "managing_agency_code"},
        present="managing_agency_code",
        label=L.AFFILIATION,
        says="Managing agency (cơ quan BHXH quản lý).",
    )
    employer: Employer | None = link(
        {"taxCode": "employer_tax_code"}, gives=Standing.OFFICIAL, by=By.FILTER, label=L.WORK, says="Employer today (đơn vị hiện tại)."
    )
    unit: EmployerUnit | None = link(
        {"taxCode": "employer_tax_code", "objectGroup": "object_group"},
        gives=None,
        label=L.AFFILIATION,
        says="Managing unit (đơn vị quản lý).",
    )
    job_title: str | None = column(label=L.POST, says="Job today (chức danh nghề).")
    employed_since: Month | None = column(by=By.FILTER, label=L.WORK, says="With this employer since (làm việc từ tháng).")
    salary: Dong | None = column(by=By.FILTER, label=L.AMOUNT, says="Basis of the contribution today (mức lương đóng).")
    status: ParticipantStatus = column(by=By.FILTER, label=L.STATUS, says="Paying, paused, retired or closed (tình trạng).")
    reserved_months: int = column(label=L.STATUS, says="Unemployment months kept for later (thời gian bảo lưu BHTN).")
    contributions: list[Contribution] = connection(
        "contribution", OF_PERSON, order=("from_month", "id"), by=By.FILTER, label=L.STATUS, says="Payment history (quá trình đóng).",
        page=LIFELONG,
    )


@insurance.entity("book", Key(("bookCode",), ("book_code",)), Key(("personalId",), ("personal_id",)))
class InsuranceBook:
    """The electronic social insurance book (sổ BHXH điện tử), Decree 164/2025 art. 8."""

    record_class: RecordClass = record_class(label=L.CLASS)
    book_code: BookCode = column(label=L.IDENTIFIER, says="Number of the book (mã sổ).")
    personal_id: PersonalId = column(label=L.IDENTIFIER, says="Personal number of the holder (số định danh cá nhân).")
    holder: Person | None = link({"personalId": "personal_id"}, gives=None, label=L.LINK, says="The holder (chủ sổ).")
    issuer: BookIssuer | None = column(label=L.AFFILIATION, says="Issuer (cơ quan cấp).")
    issued_on: date = column(label=L.STATUS, says="Issued on (ngày cấp).")
    version: int = column(label=L.STATUS, says="Version of the content (phiên bản).")
    data_as_of: date = column(label=L.STATUS, says="Content as of (dữ liệu tính đến).")
    status: BookStatus = column(label=L.STATUS, says="State (tình trạng sổ).")
    closed_up_to: Month | None = column(label=L.STATUS, says="Confirmed up to (đã chốt đến tháng).")
    linked_to_vneid: date | None = column(label=L.STATUS, says="Linked to VNeID level 2 on (ngày tích hợp VNeID).")
    participant: Participant | None = one(
        "participant", OF_PERSON, label=L.LINK, says="Participation today (thông tin tham gia)."
    )
    contributions: list[Contribution] = connection(
        "contribution", OF_PERSON, order=("from_month", "id"), label=L.STATUS, says="Payment history (quá trình đóng).",
        page=LIFELONG,
    )
    benefits: list[BenefitSettlement] = connection(
        "benefit", OF_PERSON, order=("period_from", "id"), label=L.STATUS, says="Benefits settled (quá trình hưởng).",
        page=LIFELONG,
    )
    totals: ContributionTotals = aggregate(
        "contribution", OF_PERSON, label=L.STATUS, says="Totals of the payment history (tổng hợp quá trình đóng)."
    )


@insurance.extension("Person", Key(("personalId",), ("personal_id",)))
class Person:
    """A person, as far as the insurance registers know him."""

    personal_id: PersonalId = column(label=L.IDENTIFIER, says="Personal number (số định danh cá nhân).")
    insurance_book: InsuranceBook | None = one("book", OF_PERSON, label=L.LINK, says="The book (sổ BHXH).")
    social_insurance: Participant | None = one(
        "participant", OF_PERSON, label=L.LINK, says="Social insurance, group 4 (bảo hiểm xã hội)."
    )
    health_insurance: HealthInsurance | None = embedded(OF_PERSON, label=L.LINK, says="Health insurance, group 5 (BHYT).")
    unemployment_insurance: UnemploymentInsurance | None = embedded(
        OF_PERSON, label=L.LINK, says="Unemployment insurance, group 6 (BHTN)."
    )


@insurance.extension("Employer", Key(("taxCode",), ("tax_code",)))
class Employer:
    """An employer, as far as the insurance registers know it."""

    tax_code: TaxCode = column(label=L.PUBLIC, says="Tax code (mã số thuế).")

    participants: list[Participant] | None = connection(
        "participant",
        {"employer_tax_code": "tax_code"},
        order=("id",),
        gives=Standing.OFFICIAL,
        label=L.WORK,
        says="People insured through this employer today (người lao động).",
    )


@insurance.extension("EmployerUnit", Key(("taxCode", "objectGroup"), ("tax_code", "object_group")))
class EmployerUnit:
    """A unit of an employer, known here by tax code and object group."""

    tax_code: TaxCode = column(label=L.PUBLIC, says="Tax code of the employer (mã số thuế).")
    object_group: Code | None = column(label=L.AFFILIATION, says="Object group (mã nhóm đối tượng).")


@insurance.extension("Facility", Key(("code",), ("code",)))
class Facility:
    """A medical facility, known here by its code."""

    code: Code | None = column(label=L.AFFILIATION, says="Five digits (mã cơ sở KCB).")


@insurance.root
class Query:
    """Where a query starts."""

    @lookup(key=("bookCode",), label=L.LINK, says="A book by its number (tra cứu sổ BHXH).")
    def insurance_book(self, book_code: BookCode) -> InsuranceBook | None: ...
