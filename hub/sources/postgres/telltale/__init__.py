"""Declarations and all classes of the databases -> the columns that give a record class away.

Takes the mappings of the sources, the composed schema with its labels, and for each source an address that reads every
class; gives a `Report` of `Finding`s. Two signals: `PLAIN`, civilian rows tell the people who have rows of another
class from those who have not; `CLASSES`, rows of two classes can be told apart.

INVARIANT: a report names classes and what is hidden. It is for the people who run the hub, and goes nowhere else.

shown     mapping x labels -> which fields show a column, under which labels
owners    mapping -> whose rows a table holds: by which columns a row leads to a person
words     code tables of the domain -> values that belong to a class
measure   databases -> counts by group and stratum, made in SQL
judge     counts -> findings: the statistics, without I/O
"""

from hub.sources.postgres.telltale.judge import Finding, Kind, Report, Signal
from hub.sources.postgres.telltale.measure import find_telltales, steps

__all__ = ["Finding", "Kind", "Report", "Signal", "find_telltales", "steps"]
