"""The benchmark: the hub beside three other ways to serve the same screens from the same databases, in one run.

    make bench                              about five minutes
    make bench JSON=figures.json            writes the figures to a file as well
    make bench ARGS='--workload whole_book --seconds 3'

Four systems, one server process each, on uvloop and httptools with the collector frozen after the start:

hub                the hub as `hub serve` starts it
hand_written       an endpoint for each screen: statements per request, prepared, run at once on connections that are
                   not reset, JSON made by Postgres and filled in by orjson
best_hand_written  the best that could be found for these screens by hand: keys of concurrent requests gathered into
                   whole batches, text made by Postgres in pieces around the holes, joined undecoded; the yardstick
stock_strawberry   a Strawberry schema with resolvers and dataloaders per request, asyncpg pools as they come

All four check the bearer token with the hub's own verification and its cache, and read with the civilian role. Before
anything is timed, each must give the answer of the hub, compared as parsed JSON over a sample of keys; otherwise the
run ends there with exit code 1.

Three workloads: `whole_book` (one person's book from all four databases), `hundred_people` (a hundred names with the
employer of each), `employer_page` (fifty people insured through one employer).

How to read the table
---------------------

One row is one system under a number of clients, each of which sends its next request when it has the answer to the last
one (a closed loop), so requests/s and latency are two views of one thing.

requests/s    the median of the rounds
p50, p99      milliseconds until the whole answer has come, over all rounds
server CPU    milliseconds of processor time a request costs in the server's process
Postgres CPU  the same in all processes of the database server
hub ÷ this    the hub's requests/s divided by this row's: the median over the rounds of what was measured within one
              round, seconds apart, so that whatever else the machine does hits both alike

The load generator is a process of its own on the same machine: on two cores it competes with the server and with
Postgres, which presses the fastest systems most. CPU a request is the figure that it does not touch. Servers that are
not being measured are stopped (SIGSTOP), and the order of the systems changes with every round.

Modules, in order of control flow:

databases  a demo's directory -> its databases
workloads  the screens: a GraphQL document and the keys to ask for
systems/   the four systems: how each is started and asked
servers    server processes: started, stopped, resumed; processor time
clients    the load generator
agreement  every system gives the hub's answers
measure    rounds over workloads, clients and systems -> figures
report     figures -> tables, aims and a JSON file
"""
