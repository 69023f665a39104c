"""The values that pass between stages, and nothing else: frozen, slotted, without I/O.

supergraph   the composed graph: types, fields, keys, and which subgraph resolves what
viewer       who reads: audience, subject, universe by standing, profile
operation    a normalised operation: fields merged, fragments opened
plan         fetches in sequence and parallel, with the shape of what each returns
"""
