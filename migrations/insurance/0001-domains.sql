-- Formats that the hub relies on: a column of one of these domains needs no quoting inside JSON.
-- Unqualified names: the file is applied once for each record class, with the class schema on the search path.

-- Personal identification number (so dinh danh ca nhan), 12 digits, PPP G YY NNNNNN.
create domain personal_id as text check (value ~ '^[0-9]{12}$');
-- A month of the payment history, ISO 8601 YYYY-MM; sorts as text.
create domain month as text check (value ~ '^[0-9]{4}-(0[1-9]|1[0-2])$');
-- A date known to the year, the month or the day, ISO 8601 with reduced precision; sorts as text.
create domain partial_date as text check (value ~ '^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$');
-- Tax code (ma so thue): 10 digits, a branch has -NNN behind them.
create domain tax_code as text check (value ~ '^[0-9]{10}(-[0-9]{3})?$');
-- Any short code of a code table: letters, digits and dots (province, commune, facility, industry, ICD-10, ...).
create domain code as text check (value ~ '^[A-Za-z0-9._/-]{1,40}$');
-- An enum value of the graph: upper-case words.
create domain token as text check (value ~ '^[A-Z][A-Z0-9_]{0,39}$');
-- Money in whole dong.
create domain dong as bigint check (value >= 0);
