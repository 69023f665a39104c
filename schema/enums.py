"""Closed lists of codes. The names of the values are what the databases hold."""

from __future__ import annotations

from enum import Enum

import strawberry

from hub.authoring import RecordClass as Class
from hub.authoring import held_by


def _enum(name: str, says: str, values: str, **of: Class | tuple[Class, ...]) -> type[Enum]:
    """An enum of these words; `of` names the record classes that alone hold one of them."""
    held = {word: classes if isinstance(classes, tuple) else (classes,) for word, classes in of.items()}
    words = {word: held_by(word, *held[word]) if word in held else word for word in values.split()}
    made = Enum(name, words, module=__name__)  # type: ignore[misc]
    return strawberry.enum(made, description=says)


RecordClass = _enum(
    "RecordClass",
    "Which authority keeps a record (cơ quan quản lý hồ sơ).",
    "CIVILIAN DEFENCE PUBLIC_SECURITY",
    DEFENCE=Class.DEFENCE,
    PUBLIC_SECURITY=Class.PUBLIC_SECURITY,
)


Sex = _enum("Sex", "Sex (giới tính).", "MALE FEMALE OTHER")
LifeStatus = _enum("LifeStatus", "Alive, dead or declared missing (sống, chết, mất tích).", "ALIVE DEAD MISSING")
IdentifierScheme = _enum(
    "IdentifierScheme",
    "Kind of number: personal number, passport, old identity card (CMND), social insurance number.",
    "PERSONAL_ID PASSPORT OLD_ID_CARD SI_NUMBER",
)
Channel = _enum("Channel", "How a person wants to be reached (kênh liên hệ).", "APP PORTAL POST AGENT")
RelativeKind = _enum(
    "RelativeKind",
    "Father, mother, spouse or legal representative (cha, mẹ, vợ/chồng, người đại diện).",
    "FATHER MOTHER SPOUSE LEGAL_REPRESENTATIVE",
)
RegistrationType = _enum("RegistrationType", "Permanent or temporary (thường trú, tạm trú).", "PERMANENT TEMPORARY")
Relationship = _enum(
    "Relationship",
    "Relationship to the head of the household (quan hệ với chủ hộ).",
    "HEAD WIFE HUSBAND CHILD FATHER MOTHER GRANDFATHER GRANDMOTHER GRANDCHILD ELDER_BROTHER ELDER_SISTER "
    "YOUNGER_SIBLING DAUGHTER_IN_LAW SON_IN_LAW OTHER",
)
CardForm = _enum("CardForm", "Electronic or paper card (bản điện tử, bản giấy).", "ELECTRONIC PAPER")
SubjectType = _enum(
    "SubjectType",
    "Letter of Social Insurance Law 41/2024 art. 2(1) (loại đối tượng); DD stands for đ.",
    "A B C D DD E G H I K L M N VOLUNTARY NONE",
)
PaymentMethod = _enum(
    "PaymentMethod", "How contributions are paid (phương thức đóng).", "MONTHLY QUARTERLY HALF_YEARLY YEARLY FORWARD BACK_PAY"
)
ParticipantStatus = _enum(
    "ParticipantStatus", "Paying, paused, retired or closed (tình trạng tham gia).", "ACTIVE PAUSED RETIRED CLOSED"
)
BookIssuer = _enum("BookIssuer", "Who issues the book (cơ quan cấp sổ).", "VSS ARMY_SI POLICE_SI", ARMY_SI=Class.DEFENCE, POLICE_SI=Class.PUBLIC_SECURITY)
BookStatus = _enum("BookStatus", "State of the book (tình trạng sổ).", "ACTIVE SUSPENDED REVOKED MERGED")
InsuranceKind = _enum(
    "InsuranceKind",
    "Fund a contribution is paid to (quỹ): retirement and survivorship, sickness and maternity, occupational accident, "
    "unemployment, health.",
    "RETIREMENT SICKNESS_MATERNITY ACCIDENT UNEMPLOYMENT HEALTH",
)
SalaryKind = _enum("SalaryKind", "Amount in đồng or state-scale coefficient (mức lương, hệ số).", "AMOUNT COEFFICIENT")
Region = _enum("Region", "Regional minimum wage zone (vùng lương).", "I II III IV")
ContributionStatus = _enum(
    "ContributionStatus", "Paid, unpaid, late or evaded (đã đóng, chưa đóng, chậm đóng, trốn đóng).", "PAID UNPAID LATE EVADED"
)
Regime = _enum(
    "Regime", "Benefit regime (chế độ).", "SICK MATERNITY RECOVERY ACCIDENT PENSION SURVIVOR ONE_TIME SOCIAL_PENSION"
)
PaidVia = _enum("PaidVia", "How a benefit is paid out (hình thức chi trả).", "ACCOUNT UNIT CASH")
BenefitStatus = _enum(
    "BenefitStatus", "State of a settlement (tình trạng giải quyết).", "SUBMITTED APPROVED PAID SUSPENDED TERMINATED CANCELLED"
)
LivingArea = _enum("LivingArea", "Hard living area (khu vực).", "K1 K2 K3")
CardIssuer = _enum("CardIssuer", "Who issued the card (cơ quan cấp thẻ).", "PROVINCIAL_SI ARMY_SI POLICE_SI", ARMY_SI=Class.DEFENCE, POLICE_SI=Class.PUBLIC_SECURITY)
CardStatus = _enum("CardStatus", "State of the card (trạng thái thẻ).", "ACTIVE EXPIRED REVOKED REDUCED REPLACED LOCKED")
Treatment = _enum("Treatment", "Outpatient or inpatient (ngoại trú, nội trú).", "OUTPATIENT INPATIENT")
TreatmentResult = _enum("TreatmentResult", "Result of the treatment (kết quả điều trị).", "CURED BETTER SAME WORSE DIED")
UnemploymentStatus = _enum(
    "UnemploymentStatus", "State of an unemployment benefit (tình trạng hưởng).", "RECEIVING SUSPENDED COMPLETED TERMINATED"
)
TerminationReason = _enum(
    "TerminationReason",
    "Why an unemployment benefit ended, Employment Law 74/2025 art. 41(4).",
    "WORK SERVICE PENSION REFUSALS REPORTS EMIGRATION STUDY FINE DEATH REHABILITATION MISSING DETENTION REQUEST",
)
EntityType = _enum(
    "EntityType",
    "Kind of employer (loại hình).",
    "LLC JOINT_STOCK PRIVATE STATE_OWNED FOREIGN COOPERATIVE HOUSEHOLD_BUSINESS STATE_AGENCY PUBLIC_UNIT ARMED_FORCES_UNIT",
    ARMED_FORCES_UNIT=(Class.DEFENCE, Class.PUBLIC_SECURITY),
)
EmployerPayment = _enum("EmployerPayment", "How an employer pays (phương thức đóng).", "MONTHLY QUARTERLY HALF_YEARLY")
EmployerStatus = _enum(
    "EmployerStatus", "State of the employer (tình trạng hoạt động).", "ACTIVE SUSPENDED DISSOLVED NOT_AT_ADDRESS"
)
FacilityLevel = _enum("FacilityLevel", "Technical level of a facility (cấp chuyên môn).", "COMMUNE BASIC SPECIALISED")
