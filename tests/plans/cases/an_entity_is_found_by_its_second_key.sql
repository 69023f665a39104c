-- step 1, household: household
select r.id::text, concat('{"members":[', (select string_agg(i1.t, ',') from (select concat('{"participant":', coalesce('␁0:' || t1.si_number || '␁', 'null'), '}') as t from civilian.member t1 where t1.household_id = r.id and t1.ended_on is null order by t1.position, t1.id) i1), ']}') from civilian.household r where r.id = any($1::uuid[]);

-- step 2, insurance: household.members.participant
select r.si_number::text, concat('{"status":"', r.status, '","person":', coalesce('␁0:' || r.personal_id || '␁', 'null'), '}') from civilian.participant r where r.si_number = any($1::text[]);

-- step 3, population: household.members.participant.person
select i.value::text, concat('{"fullName":', to_json(r.full_name), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

