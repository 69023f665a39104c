"""Objects that stand in rows of several sources: codes with their names, addresses.

A code names something only together with a date: since the mergers of 1 July 2025 seven province codes name another
province than before (domain tables, decision QĐ 19/2025/QĐ-TTg). So every coded value has the day it stands for.
"""

from __future__ import annotations

from datetime import date

from hub.authoring import column, computed, embedded, value
from hub.domain.codes import table
from schema.labels import Labels as L
from schema.scalars import Code


def _named(kind: str, code: str | None, on: str | None) -> str | None:
    # A code without a day of its own is named as it is called now.
    return table(kind).name(code, on=date.fromisoformat(on) if on else date.max) if code else None


def province_name(code: str | None, on: str | None) -> str | None:
    """The name a province code had on a day."""
    return _named("province", code, on)


def commune_name(code: str | None, on: str | None) -> str | None:
    """The name a commune code had on a day."""
    return _named("commune", code, on)


def birth_province_name(code: str | None) -> str | None:
    """The name behind the first three digits of a personal number (63 old provinces, frozen)."""
    return _named("birth_province", code, None)


def ethnic_group_name(code: str | None) -> str | None:
    """The name of an ethnic group."""
    return _named("ethnic_group", code, None)


def object_group_name(code: str | None) -> str | None:
    """Who holds cards of a health-insurance object group."""
    return _named("object_group", code, None)


def diagnosis_name(code: str | None) -> str | None:
    """The name of an ICD-10 code."""
    return _named("icd10", code, None)


def industry_name(code: str | None) -> str | None:
    """The name of a VSIC division."""
    return _named("industry", code, None)


def agency_name(code: str | None) -> str | None:
    """The name of a social insurance agency."""
    return _named("agency", code, None)


@value
class Province:
    """A province or centrally-run city (tỉnh, thành phố), named as of the day its row speaks of."""

    code: Code = column(label=L.PROVINCE, says="Two digits (mã tỉnh).")
    name: str | None = computed(province_name, "code", "on", label=L.PROVINCE, says="Its name on that day (tên tỉnh).")


@value
class Commune:
    """A commune, ward or special zone (xã, phường, đặc khu)."""

    code: Code = column(label=L.ADDRESS, says="Five digits (mã xã).")
    name: str | None = computed(commune_name, "code", "on", label=L.ADDRESS, says="Its name on that day (tên xã).")


@value
class Address:
    """An address (địa chỉ): province, commune and text."""

    province: Province = embedded({"code": "province_code", "on": "coded_on"}, label=L.PROVINCE, says="Province (tỉnh).")
    commune: Commune = embedded({"code": "commune_code", "on": "coded_on"}, label=L.ADDRESS, says="Commune (xã).")
    detail: str | None = column(label=L.ADDRESS, says="House, street, hamlet (số nhà, đường, thôn).")


@value
class BirthProvince:
    """Province where a birth was registered, by the 63 codes inside personal numbers (nơi đăng ký khai sinh)."""

    code: Code = column(label=L.BIRTH, says="Three digits (mã tỉnh khai sinh).")
    name: str | None = computed(birth_province_name, "code", label=L.BIRTH, says="Its name (tên tỉnh).")


@value
class EthnicGroup:
    """One of the ethnic groups (dân tộc)."""

    code: Code = column(label=L.SENSITIVE, says="Two digits (mã dân tộc).")
    name: str | None = computed(ethnic_group_name, "code", label=L.SENSITIVE, says="Its name (tên dân tộc).")


@value
class ObjectGroup:
    """Group of health insurance members (nhóm đối tượng BHYT), Decision 1351/QĐ-BHXH."""

    code: Code = column(label=L.AFFILIATION, says="Two letters (mã đối tượng).")
    name: str | None = computed(object_group_name, "code", label=L.AFFILIATION, says="Who belongs to it (tên đối tượng).")


@value
class Diagnosis:
    """A diagnosis by ICD-10 (chẩn đoán)."""

    code: Code = column(label=L.MEDICAL, says="ICD-10 code (mã bệnh).")
    name: str | None = computed(diagnosis_name, "code", label=L.MEDICAL, says="Its name (tên bệnh).")


@value
class Industry:
    """Line of business by VSIC (ngành nghề): section letter and two digits."""

    code: Code = column(label=L.PUBLIC, says="Section letter and division (mã ngành).")
    name: str | None = computed(industry_name, "code", label=L.PUBLIC, says="Its name (tên ngành).")


@value
class Agency:
    """A social insurance agency (cơ quan BHXH)."""

    code: Code = column(label=L.AFFILIATION, says="Five digits (mã cơ quan).")
    name: str | None = computed(agency_name, "code", label=L.AFFILIATION, says="Its name (tên cơ quan).")
