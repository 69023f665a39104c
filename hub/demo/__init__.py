"""Everything on one machine: an embedded PostgreSQL, a synthetic country, sample viewers with their tokens.

folder    the directory of a demo: what lies where, who holds it, whether it is whole
cluster   the embedded PostgreSQL, one database for each source
"""
