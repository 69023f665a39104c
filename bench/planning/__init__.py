"""How long planning takes: a large operation over many subgraphs, cold and cached, beside what graphql-core needs.

    python -m bench.planning                                  a thousand fields over ten subgraphs
    python -m bench.planning --fields 200 --subgraphs 4 --rounds 5 --json planning.json

The graph is made for it: as many entity types as subgraphs, each entity in all of them by one key, its fields spread
over them; some fields are shared, some require fields of another subgraph, some go through an interface. The operation
goes through all types one inside the other and asks for every field. Nothing is fetched: there are no subgraphs.

How to read the table
---------------------

Times are milliseconds of processor time, the median of the rounds. What is relative is relative to parsing and
validating the same document by graphql-core, which every GraphQL server in Python does, so it hardly depends on the
machine.

parse, validate  graphql-core reads the document and checks it
normalise        fragments opened, equal response keys merged
authorize        every field looked up in the rule book (all of them public here)
plan             every field gets its way; fetches
compile          every fetch becomes the text that its subgraph is asked, and the readers of its answer
cold             all of it: the first request with this document
cached           every later one, up to where it would be sent: found by its text, variables coerced

Modules, in order of control flow:

graph    subgraphs and operation of a size
measure  an engine over them -> times
"""
