-- step 1, population: person
select i.value::text, concat('{"fullName":', to_json(r.full_name), ',"household":', coalesce('␁0:' || r.personal_id || '␁', 'null'), ',"born":"', r.birth_date, '","again":"', r.birth_date, '"}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

-- step 1, household: person.household
select r.personal_id::text, concat(coalesce((select concat('{"members":[', (select string_agg(i2.t, ',') from (select concat('{"since":"', t2.since, '","relationship":"', t2.relationship, '"}') as t from civilian.member t2 where t2.household_id = t1.id and t2.ended_on is null order by t2.position, t2.id) i2), '],"householdCode":', coalesce('"' || t1.household_code || '"', 'null'), '}') from civilian.household t1 where t1.id = r.household_id limit 1), 'null')) from civilian.member r where r.personal_id = any($1::text[]) and r.ended_on is null;

