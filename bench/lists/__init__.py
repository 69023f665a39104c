"""The measurement of lists: a page costs what it shows, wherever it stands, and a walk goes at one pace to its end.

    python -m bench.lists                              a country of 20,000, about a minute
    python -m bench.lists --people 1000000 --data DIR  a million, and some minutes to make it
    python -m bench.lists --json figures.json          writes the figures to a file as well

A real `hub serve` is asked over HTTP by an officer with civilian clearance, on one kept connection. Beside each page
the same rows are read from the same database by hand: a prepared statement with the place written into it, which gives
bare columns to the process that measures, with no server, no policy and no JSON between.

How to read the tables
----------------------

pages     the first page of a list and its ten-thousandth, of 20 rows each, or of fewer where the list is not so long;
          the last whole one where it has not so many rows at all. What the deep page takes is set against the first,
          and both against the statement by hand. The cursor before it was found by walking there.
counts    `totalCount`, beside `select count(*)` by hand: a count reads every row that it counts, of an index
walk      all persons in the order of their ids, a thousand a page: rows a second in each tenth of the way, and the
          memory of the hub's process behind it

Times are medians, in milliseconds, from before the request is written until the whole answer is read; what is compared
was measured by turns.

Modules, in order of control flow:

asked    what is measured: documents, and the statements by hand
measure  a server and a database -> figures
report   figures -> tables and a JSON file
"""
