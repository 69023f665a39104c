-- What lists and searches of people are served by. Each index ends with the id, which breaks ties, so that a page begins
-- where the one before it ended.

create index person_name_order on person (name_order, id);
-- Filters of a search are in its indexes, so that what they leave out is never fetched. A search by given name leaves out
-- whom it finds by the name as written.
create index person_name_search on person (name_search, id) include (birth_date, residence_province_code);
create index person_given_search on person (given_search, id)
    include (name_search, birth_date, residence_province_code);
-- What is asked beside another condition is in the indexes of those: what it leaves out is never fetched, and a total of
-- half the country reads no row.
create index person_birth on person (birth_date, id) include (sex, life_status);
create index person_residence_province on person (residence_province_code, id) include (sex, life_status);
create index person_residence_commune on person (residence_commune_code, id) include (sex, life_status);
-- The people of a province by name: a small province is one name in two hundred, too few to be picked from all names.
create index person_residence_name on person (residence_province_code, name_order, id);
