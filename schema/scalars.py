"""Dates, months, money and numbers as the field writes them. Each input is checked and each refusal teaches."""

from __future__ import annotations

from hub.authoring import ScalarKind, scalar
from hub.domain.identifiers import MONTH, PARTIAL_DATE, PERSONAL_ID, SI_NUMBER, TAX_CODE

PersonalId = scalar(
    "PersonalId",
    says="Personal identification number (số định danh cá nhân): 12 digits, `PPPGYYNNNNNN`.",
    check=PERSONAL_ID.check,
)
SiNumber = scalar("SiNumber", says="Social insurance number (mã số BHXH): 10 digits.", check=SI_NUMBER.check)
TaxCode = scalar(
    "TaxCode",
    says="Tax code (mã số thuế): 10 digits, the last a check digit; a branch has `-NNN` behind them.",
    check=TAX_CODE.check,
)
BookCode = scalar("BookCode", says="Number of an electronic social insurance book (mã sổ BHXH).")
Month = scalar("Month", says="A month, ISO 8601: `2024-01`. People write 01/2024.", check=MONTH.check)
PartialDate = scalar(
    "PartialDate",
    says="A date known to the year, the month or the day, ISO 8601: `1990`, `1990-03`, `1990-03-14`.",
    check=PARTIAL_DATE.check,
)
Dong = scalar("Dong", says="Money in whole đồng (VND), a JSON number.", kind=ScalarKind.NUMBER)
Percent = scalar("Percent", says="Per cent, with up to two decimals, a JSON number.", kind=ScalarKind.NUMBER)
Coefficient = scalar("Coefficient", says="A salary coefficient (hệ số), a JSON number.", kind=ScalarKind.NUMBER)
Code = scalar("Code", says="A code of one of the field's tables: letters, digits and dots (mã).")
