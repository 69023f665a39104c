"""The measurement of a silence: can a reader without clearance tell by latency a hidden record from an absent one?

    make timing                              a few minutes
    make timing JSON=figures.json            writes the figures to a file as well
    make timing ARGS='--pairs 50000'         more pairs resolve smaller differences
    make timing ARGS='--control'             measures beside it a database that does leak, which has to be found

A country of its own is made for the run, a real `hub serve` is started over it with the addresses of every universe,
and an officer with civilian clearance asks it over HTTP, on one kept connection at a time. Two kinds of keys are asked
for in pairs: one of a record that lives in the defence or the public-security class alone, one of no record at all.

What makes the comparison fair
------------------------------

Keys are drawn three at a time from the same gap: numbers that nobody bears in any class, with the province, century,
sex and year of a hidden person of the country, tax codes of a hidden employer's province, books with a hidden book's
prefix. Only then one of the three becomes a record of a hidden class, with everything that belongs to a person; the
second is asked for as the absent one; the third is for absent against absent. So both sides hold the same prefixes
equally often and the same number of keys, each asked equally often.

Links are asked of civilian people who are copies of one person, so that nothing about the row that is asked differs.
They were written for both keys alike before one of them became a record: the civilian tables are the same whichever
it is.

The answers of both sides are compared byte by byte first; if they differ nothing is timed. Then pairs follow each other
in random order, which of the two goes first as often as the other, and the comparisons take turns in rounds, so that a
busy minute of the machine falls on all of them.

How to read the tables
----------------------

Two lines are one comparison, one line a side. Times are from before the request is written until the whole answer is
read.

median, mean  milliseconds
diff.         the mean of the first side less that of the second, in microseconds, with its 95 % interval, of the
              fastest nine tenths
would show    the difference in microseconds that would have reached the limit there
t             Welch's t of all measurements
max |t|       the largest |t|, Welch's and that of the differences within pairs, over all measurements and over those
              below a percentile of both sides together (99 to 30), as dudect does it: what comes late comes from
              elsewhere, and hides small differences

The verdict: hidden and absent cannot be told apart where max |t| is below 4.5; the run ends with exit code 1 if they
can be. It also ends so if something that must be told apart is not: a person who is there from one who is not, one who
is there among 500 who are not, and with `--control` hidden from absent where one table with a filter holds all classes;
for a method that finds nothing anywhere proves nothing.

Modules, in order of control flow:

gaps         keys that nobody bears, drawn like a given one
planted      the country -> keys to ask for, after records were added to it
one_table    the database that leaks
comparisons  keys -> documents and requests, side by side
connection   one kept connection that measures
measure      comparisons x rounds -> times
statistic    times -> Welch's t, cropped, and what they say
report       figures -> a table, a verdict and a JSON file
"""
