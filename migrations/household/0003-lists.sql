-- What lists of households are served by. Each index ends with the id, which breaks ties, so that a page begins where the
-- one before it ended.

create index household_province on household (province_code, id) include (registered_on);
create index household_commune on household (commune_code, id) include (registered_on);
