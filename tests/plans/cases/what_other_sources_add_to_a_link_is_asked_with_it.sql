-- step 1, household: household
select r.id::text, concat('{"members":[', (select string_agg(i1.t, ',') from (select concat('{"person":', coalesce('␁0:' || t1.personal_id || '␁', 'null'), '}') as t from civilian.member t1 where t1.household_id = r.id and t1.ended_on is null order by t1.position, t1.id) i1), ']}') from civilian.household r where r.id = any($1::uuid[]);

-- step 2, population: household.members.person
select i.value::text, concat('{"personalId":', coalesce('"' || r.personal_id || '"', 'null'), ',"insuranceBook":', coalesce('␁0:' || r.personal_id || '␁', 'null'), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

-- step 2, insurance: household.members.person.insuranceBook
select r.personal_id::text, concat(coalesce((select concat('{"status":"', t1.status, '"}') from civilian.book t1 where t1.personal_id = r.personal_id limit 1), 'null')) from unnest($1::text[]) r(personal_id);

