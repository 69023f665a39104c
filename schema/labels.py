"""What kinds of information the graph holds. The policy table says for each who may read it.

The kinds follow Decree 356/2025 (basic and sensitive personal data) and what gives a record class away. A label whose
cells mask stands on fields of one kind only, because a mask has to suit them all.
"""

from enum import StrEnum


class Labels(StrEnum):
    """One word for each kind."""

    PUBLIC = "PUBLIC"  # organisations and code names, known to everybody; parts of a value whose own label decides
    KEY = "KEY"  # random row ids, without meaning outside the graph
    LINK = "LINK"  # that something is connected to something
    CLASS = "CLASS"  # which authority keeps a record
    NAME = "NAME"  # names of persons
    KIN = "KIN"  # relatives, in the household or not
    KIN_NAME = "KIN_NAME"  # their names as a register has them
    BASIC = "BASIC"  # sex, nationality, life status
    BIRTH = "BIRTH"  # date of birth
    ORIGIN = "ORIGIN"  # where a birth was registered
    IDENTIFIER = "IDENTIFIER"  # personal and insurance numbers in force
    DOCUMENTS = "DOCUMENTS"  # all numbers a person is or was known by, dated
    CONTACT = "CONTACT"  # phone, email
    ADDRESS = "ADDRESS"  # below the province
    PROVINCE = "PROVINCE"  # the province of an address
    HOUSEHOLD_CODE = "HOUSEHOLD_CODE"  # the household's code, which begins with its province
    FAMILY = "FAMILY"  # household membership
    GUARDIANSHIP = "GUARDIANSHIP"  # children under 16 in somebody's care
    SENSITIVE = "SENSITIVE"  # ethnicity, bank, why a benefit ended
    BANK = "BANK"  # account numbers
    STATUS = "STATUS"  # whether and how somebody is insured
    WORK = "WORK"  # where somebody works
    POST = "POST"  # occupation, rank, position, unit: what gives service away, by a word or by its absence
    AMOUNT = "AMOUNT"  # salaries, contributions, benefits
    CARD = "CARD"  # validity of health cards
    CARD_CODE = "CARD_CODE"  # the fifteen characters of a health card, which begin with group and level
    AFFILIATION = "AFFILIATION"  # codes that give a record class away: groups, levels, issuers, facilities, agencies
    MEDICAL = "MEDICAL"  # diagnoses, treatments, their costs
