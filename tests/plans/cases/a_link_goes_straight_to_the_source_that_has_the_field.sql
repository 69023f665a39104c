-- step 1, household: household
select r.id::text, concat('{"members":[', (select string_agg(i1.t, ',') from (select concat('{"person":', case when t1.personal_id is null then 'null' else concat('{"personalId":', coalesce('"' || t1.personal_id || '"', 'null'), ',"insuranceBook":', coalesce('␁0:' || t1.personal_id || '␁', 'null'), '}') end, '}') as t from civilian.member t1 where t1.household_id = r.id and t1.ended_on is null order by t1.position, t1.id) i1), ']}') from civilian.household r where r.id = any($1::uuid[]);

-- step 2, insurance: household.members.person.insuranceBook
select r.personal_id::text, concat(coalesce((select concat('{"status":"', t1.status, '"}') from civilian.book t1 where t1.personal_id = r.personal_id limit 1), 'null')) from unnest($1::text[]) r(personal_id);

