#!/bin/sh
# The insurance register on Citus: every record class is a schema, and from now on every schema that is made is placed
# whole on one worker (schema-based sharding). So a statement of one class is answered by one node, and no table needs a
# key that it does not have. To be run before the first migration; again, it changes nothing.
set -eu
exec psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$(cat /run/secrets/owner_dsn_insurance)" <<'SQL'
create extension if not exists citus;
select citus_set_coordinator_host('insurance', 5432);
select citus_add_node(name, 5432)
from unnest(array['insurance-worker-1', 'insurance-worker-2']) name
where not exists (select from pg_dist_node where nodename = name);
alter database insurance set citus.enable_schema_based_sharding = on;
SQL
