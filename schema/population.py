"""Groups 1 and 2 of Decree 164/2025: basic personal data and contact data, from the national population database."""

from __future__ import annotations

from datetime import date

import strawberry

from hub.authoring import Key, Source, Standing, Through, column, embedded, link, lookup, one, rows, viewer_lookup
from schema.enums import Channel, IdentifierScheme, LifeStatus, RelativeKind, Sex
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

    scheme: IdentifierScheme = column(label=L.IDENTIFIER, says="Kind of number (loại).")
    value: Code = column(label=L.IDENTIFIER, says="The number (số).")
    valid_from: date = column(label=L.IDENTIFIER, says="First day of validity (hiệu lực từ).")
    valid_to: date | None = column(label=L.IDENTIFIER, says="Last day of validity (hiệu lực đến).")


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
    bank_account: str | None = column(label=L.SENSITIVE, says="Bank account (số tài khoản).")
    bank_name: str | None = column(label=L.SENSITIVE, says="Bank (ngân hàng).")


@population.row
class Relative:
    """Father, mother, spouse or legal representative, as group 1 names them (cha, mẹ, vợ/chồng, người đại diện)."""

    relation: RelativeKind = column(label=L.FAMILY, says="Relation (quan hệ).")
    full_name: str = column(label=L.FAMILY, says="Full name (họ và tên).")
    person: Person | None = link(
        {"personalId": "personal_id"}, gives=Standing.HOUSEHOLD, label=L.FAMILY, says="The relative (người thân)."
    )


@population.entity("person", BY_NUMBER, Key(("id",), ("id",), types=("uuid",)))
class Person:
    """Group 1 of the decree: a person (công dân) with basic personal data."""

    id: strawberry.ID = column(label=L.KEY, says="Random id of the record (mã bản ghi).")
    personal_id: PersonalId | None = column(label=L.IDENTIFIER, says="Personal number (số định danh cá nhân).")
    identifiers: list[Identifier] = rows(
        "person_identifier",
        {"person_id": "id"},
        order=("valid_from", "id"),
        label=L.IDENTIFIER,
        says="Numbers the person is or was known by (các giấy tờ, mã số).",
    )
    surname: str = column(label=L.NAME, says="Surname (họ).")
    middle_name: str | None = column(label=L.NAME, says="Middle name (chữ đệm).")
    given_name: str = column(label=L.NAME, says="Given name (tên); people are addressed by it.")
    full_name: str = column(label=L.NAME, says="Full name (họ và tên).")
    birth_date: PartialDate = column(label=L.BIRTH, says="Date of birth (ngày sinh), as exact as it is known.")
    sex: Sex = column(label=L.BASIC, says="Sex (giới tính).")
    ethnicity: EthnicGroup | None = embedded(
        {"code": "ethnicity_code"}, present="ethnicity_code", label=L.SENSITIVE, says="Ethnic group (dân tộc)."
    )
    nationality: Code = column(label=L.BASIC, says="Nationality (quốc tịch), ISO 3166.")
    birth_registration: BirthProvince | None = embedded(
        {"code": "birth_province_code"},
        present="birth_province_code",
        label=L.BIRTH,
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
        label=L.PROVINCE,
        says="Permanent residence (nơi thường trú).",
    )
    occupation: str | None = column(label=L.WORK, says="Occupation (nghề nghiệp).")
    life_status: LifeStatus = column(label=L.BASIC, says="Alive, dead or missing (tình trạng).")
    life_status_date: date | None = column(label=L.BASIC, says="Since when (ngày xác định tình trạng).")
    contact: Contact | None = one("contact", {"person_id": "id"}, label=L.LINK, says="Contact data (thông tin liên hệ).")
    relatives: list[Relative] = rows(
        "relative",
        {"person_id": "id"},
        order=("relation", "id"),
        label=L.FAMILY,
        says="Father, mother, spouse, legal representative (thân nhân).",
    )


@population.root
class Query:
    """Where a query starts."""

    me: Person | None = viewer_lookup(
        key=("personalId",), label=L.LINK, says="The reader's own record (hồ sơ của tôi); null for an official."
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
