-- What lists of employers are served by. Each index ends with the id, which breaks ties, so that a page begins where the
-- one before it ended.

create index employer_name_order on employer (name_order, id);
create index employer_name on employer (name, id);
create index employer_province on employer (province_code, id) include (entity_type, status);
create index employer_commune on employer (commune_code, id) include (entity_type, status);
create index employer_industry on employer (industry_code, id) include (entity_type, status);
