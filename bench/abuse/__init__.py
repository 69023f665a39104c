"""What it costs to refuse requests that would hurt, and what normal traffic notices of them.

    python -m bench.abuse                        each attack, and normal traffic with and without them
    python -m bench.abuse --rounds 30 --attacks-per-second 20 --json abuse.json

How to read the tables
----------------------

The first table is measured in one process without a database. *work* is the processor time from the text to the
answer that refuses it, the median and the worst of the rounds, in milliseconds; no text comes twice. What the same
document costs graphql-core to parse and to validate is beside it, if it is not too long for that.

The second table is measured over HTTP, against `hub serve` on the demo's databases. Clients in a closed loop ask for
one person's whole book, for some seconds alone and for some seconds beside the attacks, several times in turn; attacks
come one after the other at a steady rate, each over a connection of its own. What counts is the ratio.

Modules, in order of control flow:

attacks  the documents, by name
work     attack -> processor time until it is refused
traffic  normal requests beside the attacks
"""
