"""Group 7 of Decree 164/2025: employers, from business registration; and the medical facilities visits name."""

from __future__ import annotations

from datetime import date

from hub.authoring import (
    WHOLE,
    By,
    Key,
    Source,
    Standing,
    column,
    connection,
    embedded,
    link,
    lookup,
    record_class,
    rows,
)
from schema.enums import EmployerPayment, EmployerStatus, EntityType, FacilityLevel, RecordClass
from schema.labels import Labels as L
from schema.scalars import Code, PersonalId, TaxCode
from schema.values import Address, Industry

employer = Source("employer")

AT = {
    "province_code": "province_code",
    "commune_code": "commune_code",
    "detail": "address_detail",
    "coded_on": "address_coded_on",
}


@employer.extension("Person", Key(("personalId",), ("personal_id",)))
class Person:
    """A person, known here by the personal number."""

    personal_id: PersonalId = column(label=L.IDENTIFIER, says="Personal number (số định danh cá nhân).")


@employer.entity("employer_unit", Key(("taxCode", "objectGroup"), ("tax_code", "object_group")))
class EmployerUnit:
    """The code under which an employer declares one object group (đơn vị tham gia), CV 1804/BHXH-QLT."""

    record_class: RecordClass = record_class(label=L.CLASS)
    tax_code: TaxCode = column(label=L.PUBLIC, says="Tax code of the employer (mã số thuế).")
    object_group: Code | None = column(label=L.AFFILIATION, says="Object group (mã nhóm đối tượng).")
    unit_code: Code | None = column(label=L.AFFILIATION, says="Code of the unit (mã đơn vị).")
    employer: Employer | None = link(
        {"taxCode": "tax_code"}, gives=Standing.OFFICIAL, label=L.PUBLIC, says="The employer (đơn vị)."
    )


@employer.entity("employer", Key(("taxCode",), ("tax_code",)), Key(("budgetCode",), ("budget_code",)))
class Employer:
    """Group 7 of the decree: an employer (đơn vị sử dụng lao động)."""

    record_class: RecordClass = record_class(label=L.CLASS)
    tax_code: TaxCode = column(by=By.FILTER, label=L.PUBLIC, says="Tax code (mã số thuế).")
    budget_code: Code | None = column(label=L.AFFILIATION, says="Budget-relation code (mã quan hệ ngân sách), 7 digits.")
    name: str = column(by=By.FILTER | By.ORDER, place="name_order", label=L.PUBLIC, says="Name (tên đơn vị).")
    entity_type: EntityType = column(by=By.ALONG, label=L.PUBLIC, says="Kind (loại hình).")
    industry: Industry = embedded({"code": "industry_code"}, by=By.FILTER, label=L.PUBLIC, says="Main line of business (ngành nghề).")
    address: Address = embedded(AT, by=By.FILTER, label=L.PUBLIC, says="Head office (trụ sở chính).")
    phone: str | None = column(label=L.PUBLIC, says="Telephone (điện thoại).")
    email: str | None = column(label=L.PUBLIC, says="Email (thư điện tử).")
    payment_method: EmployerPayment = column(label=L.PUBLIC, says="How it pays (phương thức đóng).")
    status: EmployerStatus = column(by=By.ALONG, label=L.PUBLIC, says="State (tình trạng hoạt động).")
    establishment_decision: str | None = column(label=L.PUBLIC, says="Decision of establishment (quyết định thành lập).")
    representative_name: str = column(label=L.NAME, says="Legal representative (người đại diện theo pháp luật).")
    representative: Person | None = link(
        {"personalId": "representative_personal_id"},
        gives=Standing.OFFICIAL,
        label=L.FAMILY,
        says="The legal representative as a person (công dân).",
    )
    founded_on: date | None = column(label=L.PUBLIC, says="Founded on (ngày thành lập).")
    units: list[EmployerUnit] = rows(
        "employer_unit",
        {"tax_code": "tax_code"},
        order=("object_group",),
        label=L.AFFILIATION,
        says="Codes under which it declares (các mã đơn vị).",
    )


@employer.entity("facility", Key(("code",), ("code",)))
class Facility:
    """A medical facility under a health insurance contract (cơ sở khám chữa bệnh)."""

    record_class: RecordClass = record_class(label=L.CLASS)
    code: Code | None = column(label=L.AFFILIATION, says="Five digits (mã cơ sở KCB).")
    name: str = column(label=L.PUBLIC, says="Name (tên cơ sở).")
    level: FacilityLevel = column(label=L.PUBLIC, says="Technical level (cấp chuyên môn).")
    address: Address = embedded(AT, label=L.PUBLIC, says="Address (địa chỉ).")
    employer: Employer | None = link(
        {"taxCode": "employer_tax_code"}, gives=Standing.OFFICIAL, label=L.PUBLIC, says="As an employer (đơn vị sử dụng lao động)."
    )


@employer.root
class Query:
    """Where a query starts."""

    @lookup(key=("taxCode",), label=L.PUBLIC, says="An employer by its tax code (tra cứu đơn vị).")
    def employer(self, tax_code: TaxCode) -> Employer | None: ...

    employers: list[Employer] | None = connection(
        "employer", order=("name", "id"), gives=Standing.OFFICIAL, page=WHOLE, label=L.PUBLIC, says="Employers (danh sách đơn vị)."
    )
