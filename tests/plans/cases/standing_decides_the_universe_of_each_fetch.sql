-- step 1, population: me
select r.key0::text, concat('{"fullName":', to_json(r.full_name), ',"household":', coalesce('␁0:' || r.personal_id || '␁', 'null'), '}') from (select i.value as key0, r.full_name, r.personal_id, 0 as class_rank from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID' union all select i.value as key0, r.full_name, r.personal_id, 1 as class_rank from defence.person_identifier i join defence.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID') r order by r.class_rank;

-- step 1, household: me.household
select r.key0::text, concat(coalesce((select concat('{"householdCode":', coalesce('"' || t1.household_code || '"', 'null'), ',"members":', coalesce('␁0:' || t1.id || '␁', '[]'), '}') from (select t1.household_code, t1.id, 0 as class_rank from civilian.household t1 where t1.id = r.household_id union all select t1.household_code, t1.id, 1 as class_rank from defence.household t1 where t1.id = r.household_id) t1 order by t1.class_rank desc limit 1), 'null')) from (select r.personal_id as key0, r.household_id, 0 as class_rank from civilian.member r where r.personal_id = any($1::text[]) and r.ended_on is null union all select r.personal_id as key0, r.household_id, 1 as class_rank from defence.member r where r.personal_id = any($1::text[]) and r.ended_on is null) r order by r.class_rank;

-- step 2, household: me.household.members
select r.id::text, concat('[', (select string_agg(i1.t, ',') from (select concat('{"relationship":"', t1.relationship, '","person":', coalesce('␁0:' || t1.personal_id || '␁', 'null'), '}') as t from civilian.member t1 where t1.household_id = r.id and t1.ended_on is null order by t1.position, t1.id) i1), ']') from civilian.household r where r.id = any($1::uuid[]);

-- step 3, population: me.household.members.person
select i.value::text, concat('{"fullName":', to_json(r.full_name), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

