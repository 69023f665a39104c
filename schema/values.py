"""Objects that stand in rows of several sources: codes with their names, addresses.

A code names something only together with a date: since the mergers of 1 July 2025 seven province codes name another
province than before (domain tables, decision QĐ 19/2025/QĐ-TTg). So every coded value has the day it stands for.

What a code means is public. That somebody has it is not: the label of the field that leads to the value decides.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache

from hub.authoring import By, column, computed, embedded, value
from hub.domain.codes import table
from schema.labels import Labels as L
from schema.scalars import Code


def named(kind: str) -> Callable[..., str | None]:
    """What a code of a table was called on a day; a code without a day of its own, what it is called now."""

    @lru_cache(maxsize=4096)
    def name(code: str | None, on: str | None = None) -> str | None:
        return table(kind).name(code, on=date.fromisoformat(on) if on else date.max) if code else None

    name.__name__ = f"{kind}_name"
    return name


@value
class Province:
    """A province or centrally-run city (tỉnh, thành phố), named as of the day its row speaks of."""

    code: Code = column(by=By.FILTER, label=L.PUBLIC, says="Two digits (mã tỉnh).")
    name: str | None = computed(named("province"), "code", "on", label=L.PUBLIC, says="Its name on that day (tên tỉnh).")


@value
class Commune:
    """A commune, ward or special zone (xã, phường, đặc khu)."""

    code: Code = column(by=By.FILTER, label=L.PUBLIC, says="Five digits (mã xã).")
    name: str | None = computed(named("commune"), "code", "on", label=L.PUBLIC, says="Its name on that day (tên xã).")


@value
class Address:
    """An address (địa chỉ): province, commune and text."""

    province: Province = embedded({"code": "province_code", "on": "coded_on"}, by=By.FILTER, label=L.PROVINCE, says="Province (tỉnh).")
    commune: Commune = embedded({"code": "commune_code", "on": "coded_on"}, by=By.FILTER, label=L.ADDRESS, says="Commune (xã).")
    detail: str | None = column(label=L.ADDRESS, says="House, street, hamlet (số nhà, đường, thôn).")


@value
class BirthProvince:
    """Province where a birth was registered, by the 63 codes inside personal numbers (nơi đăng ký khai sinh)."""

    code: Code = column(label=L.PUBLIC, says="Three digits (mã tỉnh khai sinh).")
    name: str | None = computed(named("birth_province"), "code", label=L.PUBLIC, says="Its name (tên tỉnh).")


@value
class EthnicGroup:
    """One of the ethnic groups (dân tộc)."""

    code: Code = column(label=L.PUBLIC, says="Two digits (mã dân tộc).")
    name: str | None = computed(named("ethnic_group"), "code", label=L.PUBLIC, says="Its name (tên dân tộc).")


@value
class ObjectGroup:
    """Group of health insurance members (nhóm đối tượng BHYT), Decision 1351/QĐ-BHXH."""

    code: Code = column(label=L.PUBLIC, says="Two letters (mã đối tượng).")
    name: str | None = computed(named("object_group"), "code", label=L.PUBLIC, says="Who belongs to it (tên đối tượng).")


@value
class Diagnosis:
    """A diagnosis by ICD-10 (chẩn đoán)."""

    code: Code = column(by=By.FILTER, label=L.PUBLIC, says="ICD-10 code (mã bệnh).")
    name: str | None = computed(named("icd10"), "code", label=L.PUBLIC, says="Its name (tên bệnh).")


@value
class Industry:
    """Line of business by VSIC (ngành nghề): section letter and two digits."""

    code: Code = column(by=By.FILTER, label=L.PUBLIC, says="Section letter and division (mã ngành).")
    name: str | None = computed(named("industry"), "code", label=L.PUBLIC, says="Its name (tên ngành).")


@value
class Agency:
    """A social insurance agency (cơ quan BHXH)."""

    code: Code = column(label=L.PUBLIC, says="Five digits (mã cơ quan).")
    name: str | None = computed(named("agency"), "code", label=L.PUBLIC, says="Its name (tên cơ quan).")
