"""Groups 1 and 2 of Decree 164/2025: basic personal data and contact data, from the national population database."""

from __future__ import annotations

from datetime import date
from enum import Enum

import strawberry

from hub.authoring import (
    WHOLE,
    By,
    Key,
    Page,
    Source,
    Standing,
    Through,
    column,
    connection,
    embedded,
    expression,
    link,
    lookup,
    one,
    record_class,
    rows,
    viewer_lookup,
)
from schema.enums import Channel, IdentifierScheme, LifeStatus, RecordClass, RelativeKind, Sex
from schema.labels import Labels as L
from schema.scalars import Code, PartialDate, PersonalId
from schema.values import Address, BirthProvince, EthnicGroup, Province

population = Source("population")

BY_NUMBER = Key(
    ("personalId",),
    ("personal_id",),
    through=Through("person_identifier", value="value", row="person_id", where="{scheme} = 'PERSONAL_ID'"),
)


@population.row
class Identifier:
    """A number a person is or was known by, dated (giấy tờ, mã số)."""

    record_class: RecordClass = record_class(label=L.CLASS)
    scheme: IdentifierScheme = column(by=By.FILTER, label=L.DOCUMENTS, says="Kind of number (loại).")
    value: Code = column(by=By.FILTER, label=L.DOCUMENTS, says="The number (số).")
    valid_from: date = column(label=L.DOCUMENTS, says="First day of validity (hiệu lực từ).")
    valid_to: date | None = column(label=L.DOCUMENTS, says="Last day of validity (hiệu lực đến).")


@population.row
class Contact:
    """Group 2 of the decree: contact data (thông tin liên hệ)."""

    phone: str | None = column(label=L.CONTACT, says="Telephone (điện thoại).")
    email: str | None = column(label=L.CONTACT, says="Email (thư điện tử).")
    current_residence: Address | None = embedded(
        {
            "province_code": "current_province_code",
            "commune_code": "current_commune_code",
            "detail": "current_detail",
            "coded_on": "current_coded_on",
        },
        present="current_province_code",
        label=L.PROVINCE,
        says="Current residence (nơi ở hiện tại).",
    )
    preferred_channel: Channel | None = column(label=L.CONTACT, says="Preferred channel (kênh liên hệ).")
    bank_account: str | None = column(label=L.BANK, says="Bank account (số tài khoản).")
    bank_name: str | None = column(label=L.SENSITIVE, says="Bank (ngân hàng).")


@strawberry.enum(description="How a guardian stands to a child (quan hệ với trẻ).")
class GuardianKind(Enum):
    """Those of `RelativeKind` who can have a child in their care: a spouse cannot."""

    FATHER = "FATHER"
    MOTHER = "MOTHER"
    LEGAL_REPRESENTATIVE = "LEGAL_REPRESENTATIVE"


@population.row
class Relative:
    """Father, mother, spouse or legal representative, as group 1 names them (cha, mẹ, vợ/chồng, người đại diện)."""

    record_class: RecordClass = record_class(label=L.CLASS)
    relation: RelativeKind = column(label=L.KIN, says="Relation (quan hệ).")
    full_name: str = column(label=L.KIN_NAME, says="Full name (họ và tên).")
    person: Person | None = link(
        {"personalId": "personal_id"}, gives=Standing.HOUSEHOLD, label=L.KIN, says="The relative (người thân)."
    )


# A child is in somebody's care as long as it is under 16 on the day that it is read, in Viet Nam: a row that was never
# removed from the register gives nobody a child of sixteen. The demo's country has rows for all who were under 16 on its
# own day (2026-11-01); as time goes by they fall away one by one, the last of them in 2042.
UNDER_SIXTEEN = "{until} >= (now() at time zone interval '7 hours')::date"


@population.row
class Ward:
    """A child under 16 (trẻ em) in a person's care. The row is the guardian's; what is behind `person` is the child's."""

    record_class: RecordClass = record_class(label=L.CLASS)
    relation: GuardianKind = column(label=L.GUARDIANSHIP, says="What the guardian is to the child (quan hệ với trẻ).")
    # The year alone: a guardian reads a child's year of birth, and the day before the birthday would tell the day.
    until: PartialDate = expression(
        "to_char({until} + 1, 'YYYY')", label=L.GUARDIANSHIP, says="Year in which the child turns sixteen (năm đủ 16 tuổi)."
    )
    person: Person | None = link(
        {"personalId": "child_personal_id"}, gives=Standing.GUARDIAN, label=L.GUARDIANSHIP, says="The child (trẻ em)."
    )


@population.entity("person", BY_NUMBER, Key(("id",), ("id",), types=("uuid",)))
class Person:
    """Group 1 of the decree: a person (công dân) with basic personal data."""

    id: strawberry.ID = column(label=L.KEY, says="Random id of the record (mã bản ghi).")
    record_class: RecordClass = record_class(label=L.CLASS)
    personal_id: PersonalId | None = column(
        by=By.FILTER, label=L.IDENTIFIER, says="Personal number (số định danh cá nhân)."
    )
    identifiers: list[Identifier] = rows(
        "person_identifier",
        {"person_id": "id"},
        order=("valid_from", "id"),
        by=By.FILTER,
        label=L.DOCUMENTS,
        says="Numbers the person is or was known by (các giấy tờ, mã số).",
    )
    surname: str = column(label=L.NAME, says="Surname (họ).")
    middle_name: str | None = column(label=L.NAME, says="Middle name (chữ đệm).")
    given_name: str = column(label=L.NAME, says="Given name (tên); people are addressed by it.")
    full_name: str = column(
        by=By.ORDER, place="name_order", label=L.NAME, says="Full name (họ và tên); in lists by given name first."
    )
    birth_date: PartialDate = column(by=By.FILTER | By.ORDER, label=L.BIRTH, says="Date of birth (ngày sinh), as exact as it is known.")
    sex: Sex = column(by=By.ALONG, label=L.BASIC, says="Sex (giới tính).")
    ethnicity: EthnicGroup | None = embedded(
        {"code": "ethnicity_code"}, present="ethnicity_code", label=L.SENSITIVE, says="Ethnic group (dân tộc)."
    )
    nationality: Code = column(label=L.BASIC, says="Nationality (quốc tịch), ISO 3166.")
    birth_registration: BirthProvince | None = embedded(
        {"code": "birth_province_code"},
        present="birth_province_code",
        label=L.ORIGIN,
        says="Where the birth was registered (nơi đăng ký khai sinh).",
    )
    hometown: Province | None = embedded(
        {"code": "hometown_province_code", "on": "residence_coded_on"},
        present="hometown_province_code",
        label=L.PROVINCE,
        says="Home town (quê quán).",
    )
    permanent_residence: Address = embedded(
        {
            "province_code": "residence_province_code",
            "commune_code": "residence_commune_code",
            "detail": "residence_detail",
            "coded_on": "residence_coded_on",
        },
        by=By.FILTER,
        label=L.PROVINCE,
        says="Permanent residence (nơi thường trú).",
    )
    occupation: str | None = column(label=L.POST, says="Occupation (nghề nghiệp).")
    life_status: LifeStatus = column(by=By.ALONG, label=L.BASIC, says="Alive, dead or missing (tình trạng).")
    life_status_date: date | None = column(label=L.BASIC, says="Since when (ngày xác định tình trạng).")
    contact: Contact | None = one("contact", {"person_id": "id"}, label=L.LINK, says="Contact data (thông tin liên hệ).")
    relatives: list[Relative] = rows(
        "relative",
        {"person_id": "id"},
        order=("relation", "id"),
        label=L.KIN,
        says="Father, mother, spouse, legal representative (thân nhân).",
    )
    # In no order that a birthday decides: siblings of one year would be told apart by it.
    wards: list[Ward] = rows(
        "ward",
        {"guardian_personal_id": "personal_id"},
        where=UNDER_SIXTEEN,
        order=("relation", "id"),
        label=L.GUARDIANSHIP,
        says="Children under 16 in the person's care (trẻ em dưới 16 tuổi được người này chăm sóc, giám hộ).",
    )


@population.root
class Query:
    """Where a query starts."""

    me: Person | None = viewer_lookup(
        key=("personalId",), label=L.LINK, says="The reader's own record (hồ sơ của tôi)."
    )

    @lookup(key=("personalId",), label=L.LINK, says="A person by any personal number he ever had (tra cứu công dân).")
    def person(self, personal_id: PersonalId) -> Person | None: ...

    @lookup(
        key=("personalId",),
        arguments=("personalIds",),
        most=500,
        label=L.LINK,
        says="Up to 500 persons in the order asked, null where there is none (tra cứu nhiều công dân).",
    )
    def people(self, personal_ids: list[PersonalId]) -> list[Person | None]: ...

    search_persons: list[Person] | None = connection(
        "person",
        order=("id",),
        search={
            "name": "Person.fullName",
            "born": "Person.birthDate",
            "province": "Address.province",
            "number": "Identifier.value",
        },
        gives=Standing.OFFICIAL,
        page=Page(most=100, usual=20),
        cost=20,
        # It finds by any number too: who may not read those does not search, and no agreement shares it with a name.
        label=L.DOCUMENTS,
        says="Persons by what is known of them, the best match first (tìm công dân).",
    )

    persons: list[Person] | None = connection(
        "person", order=("id",), gives=Standing.OFFICIAL, page=WHOLE, label=L.LINK, says="Persons (danh sách công dân)."
    )
