"""Group 3 of Decree 164/2025: the household, from the residence and health-insurance household lists."""

from __future__ import annotations

from datetime import date

import strawberry

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
    one,
    record_class,
    rows,
)
from schema.enums import CardForm, RecordClass, RegistrationType, Relationship
from schema.labels import Labels as L
from schema.scalars import Code, Percent, PersonalId, SiNumber
from schema.values import Address

household = Source("household")


@household.extension("Participant", Key(("siNumber",), ("si_number",)))
class Participant:
    """A social insurance participant, known here by the insurance number."""

    si_number: SiNumber = column(label=L.IDENTIFIER, says="Social insurance number (mã số BHXH).")


@household.extension("Facility", Key(("code",), ("code",)))
class Facility:
    """A medical facility, known here by its code."""

    code: Code | None = column(label=L.AFFILIATION, says="Five digits (mã cơ sở KCB).")


@household.extension(
    "Person", Key(("personalId",), ("personal_id",)), table="member", where="{ended_on} is null"
)
class Person:
    """A person, as far as the household register knows him: by his membership today."""

    personal_id: PersonalId = column(label=L.IDENTIFIER, says="Personal number (số định danh cá nhân).")
    household: Household | None = one(
        "household", {"id": "household_id"}, label=L.FAMILY, says="Household today (hộ gia đình)."
    )
    membership: HouseholdMember | None = embedded(
        present="relationship", label=L.FAMILY, says="Membership of that household (tư cách thành viên)."
    )


@household.row
class HouseholdMember:
    """A member of a household (thành viên hộ gia đình)."""

    record_class: RecordClass = record_class(label=L.CLASS)
    relationship: Relationship = column(label=L.FAMILY, says="Relationship to the head (quan hệ với chủ hộ).")
    since: date = column(label=L.FAMILY, says="Member since (ngày vào hộ).")
    household: Household | None = one(
        "household", {"id": "household_id"}, label=L.FAMILY, says="The household (hộ gia đình)."
    )
    person: Person | None = link(
        {"personalId": "personal_id"}, gives=Standing.HOUSEHOLD, label=L.FAMILY, says="The person (công dân)."
    )
    participant: Participant | None = link(
        {"siNumber": "si_number"},
        gives=Standing.HOUSEHOLD,
        label=L.FAMILY,
        says="The insurance participant behind the number on the household's list (mã số BHXH trên danh sách hộ).",
    )
    initial_facility: Facility | None = link(
        {"code": "initial_facility_code"},
        gives=None,
        label=L.AFFILIATION,
        says="Facility of first registration on the household's list (nơi đăng ký KCB ban đầu).",
    )
    state_support_percent: Percent = column(label=L.STATUS, says="State support of the premium (tỷ lệ NSNN hỗ trợ).")
    card_form: CardForm | None = column(label=L.CARD, says="Electronic or paper (hình thức thẻ).")
    months_paid: int = column(label=L.STATUS, says="Months paid this year (số tháng đã đóng).")


@household.entity("household", Key(("householdId",), ("id",), types=("uuid",)))
class Household:
    """Group 3 of the decree: a household (hộ gia đình)."""

    record_class: RecordClass = record_class(label=L.CLASS)
    household_id: strawberry.ID = column("id", label=L.KEY, says="Random id of the record (mã bản ghi).")
    household_code: Code | None = column(label=L.HOUSEHOLD_CODE, says="Household code (mã hộ gia đình), 10 digits.")
    registration_type: RegistrationType = column(label=L.FAMILY, says="Permanent or temporary (thường trú, tạm trú).")
    address: Address = embedded(
        {
            "province_code": "province_code",
            "commune_code": "commune_code",
            "detail": "address_detail",
            "coded_on": "address_coded_on",
        },
        by=By.FILTER,
        label=L.PROVINCE,
        says="Address (địa chỉ hộ).",
    )
    registered_on: date = column(by=By.ALONG, label=L.FAMILY, says="Registered on (ngày đăng ký).")
    head_phone: str | None = column(label=L.CONTACT, says="Telephone of the head (điện thoại chủ hộ).")
    members: list[HouseholdMember] = rows(
        "member",
        {"household_id": "id"},
        where="{ended_on} is null",
        order=("position", "id"),
        size=8,
        gives=Standing.HOUSEHOLD,
        label=L.FAMILY,
        says="Members today (danh sách thành viên).",
    )




@household.root
class Query:
    """Where a query starts."""

    @lookup(key=("householdId",), label=L.LINK, says="A household by its id (tra cứu hộ gia đình).")
    def household(self, household_id: strawberry.ID) -> Household | None: ...

    households: list[Household] | None = connection(
        "household", order=("id",), gives=Standing.OFFICIAL, page=WHOLE, label=L.LINK, says="Households (danh sách hộ gia đình)."
    )
