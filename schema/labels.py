"""What kinds of information the graph holds. The policy table says for each who may read it.

The kinds follow Decree 356/2025 (basic and sensitive personal data) and what gives a record class away.
"""

from enum import StrEnum


class Labels(StrEnum):
    """One word for each kind."""

    PUBLIC = "PUBLIC"  # organisations and code names, known to everybody
    KEY = "KEY"  # random row ids, without meaning outside the graph
    LINK = "LINK"  # that something is connected to something
    NAME = "NAME"  # names of persons
    BASIC = "BASIC"  # sex, nationality, life status, occupation
    BIRTH = "BIRTH"  # date and place of birth
    IDENTIFIER = "IDENTIFIER"  # personal numbers, insurance numbers, passports
    CONTACT = "CONTACT"  # phone, email
    ADDRESS = "ADDRESS"  # below the province
    PROVINCE = "PROVINCE"  # the province of an address
    FAMILY = "FAMILY"  # relatives and household membership
    SENSITIVE = "SENSITIVE"  # ethnicity, bank accounts
    STATUS = "STATUS"  # whether and how somebody is insured
    WORK = "WORK"  # where and as what somebody works
    AMOUNT = "AMOUNT"  # salaries, contributions, benefits
    CARD = "CARD"  # validity of health cards
    AFFILIATION = "AFFILIATION"  # codes that give a record class away: groups, levels, issuers, facilities, agencies
    MEDICAL = "MEDICAL"  # diagnoses, treatments, their costs
