"""What audiences, standings, record classes and effects are called, for people, in Vietnamese and English."""

from __future__ import annotations

from typing import NamedTuple, assert_never

from hub.model.effect import Effect
from hub.model.viewer import Audience, RecordClass, Standing


class Words(NamedTuple):
    """A term and what it means, in both languages."""

    vi: str
    en: str
    says_vi: str
    says_en: str


def audience_words(audience: Audience) -> Words:
    match audience:
        case Audience.CITIZEN:
            return Words(
                "Công dân",
                "Citizen",
                "Người đã định danh điện tử mức độ 2 (VNeID), đọc sổ của chính mình.",
                "A person identified at level 2 of VNeID, who reads his own book.",
            )
        case Audience.OFFICER:
            return Words(
                "Viên chức cơ quan BHXH",
                "Insurance officer",
                "Làm việc tại cơ quan bảo hiểm xã hội; xem những gì công việc cần, trong phạm vi hồ sơ được phép.",
                "Works at an insurance agency; sees what the work needs, in the records of the clearance.",
            )
        case Audience.ANALYST:
            return Words(
                "Chuyên viên phân tích",
                "Analyst",
                "Thống kê và so sánh trên mã giả danh; không thấy tên, số, liên hệ hay địa chỉ của ai.",
                "Counts and compares by pseudonyms; sees nobody's name, number, contact or address.",
            )
        case Audience.PARTNER:
            return Words(
                "Cơ quan đối tác",
                "Partner",
                "Chỉ đọc những trường ghi trong thỏa thuận chia sẻ dữ liệu, cho mục đích nêu trong đó.",
                "Reads exactly the fields of an agreement, for a purpose that it names.",
            )
        case Audience.DEFENCE_OFFICER:
            return Words(
                "Viên chức BHXH Bộ Quốc phòng",
                "Defence officer",
                "Như viên chức cơ quan BHXH, thêm hồ sơ quốc phòng.",
                "As the insurance officer, with the defence records.",
            )
        case Audience.SECURITY_OFFICER:
            return Words(
                "Viên chức BHXH Công an nhân dân",
                "Public-security officer",
                "Như viên chức cơ quan BHXH, thêm hồ sơ công an.",
                "As the insurance officer, with the public-security records.",
            )
        case _:
            assert_never(audience)


def standing_words(standing: Standing) -> Words:
    match standing:
        case Standing.SELF:
            return Words("Bản thân", "Self", "Hồ sơ của chính người đọc.", "The reader's own record.")
        case Standing.GUARDIAN:
            return Words(
                "Người giám hộ",
                "Guardian",
                "Trẻ dưới 16 tuổi do người đọc giám hộ, chăm sóc.",
                "A child under 16 in the reader's care.",
            )
        case Standing.HOUSEHOLD:
            return Words(
                "Hộ gia đình",
                "Household",
                "Người cùng hộ gia đình, người thân.",
                "The people the reader lives with, and relatives.",
            )
        case Standing.OFFICIAL:
            return Words(
                "Công vụ",
                "Official",
                "Mọi hồ sơ khác; với công dân là đơn vị, cơ sở mà hồ sơ của mình dẫn tới.",
                "Everything else; for a citizen the employers and facilities that his record leads to.",
            )
        case _:
            assert_never(standing)


def class_words(record_class: RecordClass) -> Words:
    match record_class:
        case RecordClass.CIVILIAN:
            return Words(
                "Dân sự", "civilian", "Hồ sơ do cơ quan BHXH quản lý.", "Records kept by the insurance agencies."
            )
        case RecordClass.DEFENCE:
            return Words(
                "Quốc phòng",
                "defence",
                "Hồ sơ do Bộ Quốc phòng quản lý; chỉ người được phép mới biết là có.",
                "Records kept by the Ministry of National Defence; only the cleared learn that they exist.",
            )
        case RecordClass.PUBLIC_SECURITY:
            return Words(
                "Công an",
                "security",
                "Hồ sơ do Bộ Công an quản lý; chỉ người được phép mới biết là có.",
                "Records kept by the Ministry of Public Security; only the cleared learn that they exist.",
            )
        case _:
            assert_never(record_class)


class Shown(NamedTuple):
    """How an effect stands in a cell: one sign for a terminal, a word for the page, an example."""

    sign: str
    word: str
    words: Words
    example: str


def effect_words(effect: Effect) -> Shown:
    match effect:
        case Effect.SHOW:
            return Shown("+", "✓ show", Words("Hiển thị", "Shown", "Giá trị đầy đủ.", "The value."), "079203001234")
        case Effect.DENY:
            return Shown("-", "– no", Words("Không cung cấp", "Not given", "Không có gì.", "Nothing."), "")
        case Effect.LAST_FOUR:
            says = Words(
                "Bốn ký tự cuối", "Last four", "Dấu sao, rồi bốn ký tự cuối.", "Asterisks, then the last four."
            )
            return Shown("4", "◐ last four", says, "********1234")
        case Effect.INITIALS:
            says = Words("Chữ cái đầu", "Initials", "Chữ cái đầu của mỗi từ.", "The first letter of each word.")
            return Shown("I", "◐ initials", says, "N.V.A.")
        case Effect.YEAR:
            return Shown("Y", "◐ year", Words("Năm", "Year", "Chỉ năm của ngày.", "The year of a date."), "1985")
        case Effect.PROVINCE:
            says = Words(
                "Mã tỉnh", "Province", "Hai chữ số của tỉnh, rồi dấu sao.", "The two digits of the province, asterisks."
            )
            return Shown("P", "◐ province", says, "79********")
        case Effect.PSEUDONYM:
            says = Words(
                "Mã giả danh",
                "Pseudonym",
                "32 chữ số thập lục phân, ổn định trong một dự án hoặc thỏa thuận, không suy ra được giá trị.",
                "32 hexadecimal digits, stable within a project or an agreement; the value cannot be told from them.",
            )
            return Shown("#", "◐ pseudonym", says, "9b1f6c0d4e7a25830c5d9e2f71a4b86e")
        case Effect.CARD_NUMBER:
            says = Words(
                "Mười số cuối của thẻ",
                "Card number",
                "Mười chữ số cuối của mã thẻ BHYT, không có nhóm đối tượng và mức hưởng.",
                "The ten digits that end a health card's code, without group and level.",
            )
            return Shown("C", "◐ card number", says, "7920300123")
        case _:
            assert_never(effect)
