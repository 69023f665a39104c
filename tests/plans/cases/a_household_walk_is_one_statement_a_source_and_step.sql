-- step 1, population: person
select i.value::text, concat('{"fullName":', to_json(r.full_name), ',"household":', coalesce('␁0:' || r.personal_id || '␁', 'null'), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

-- step 1, household: person.household
select r.personal_id::text, concat(coalesce((select concat('{"householdCode":', coalesce('"' || t1.household_code || '"', 'null'), ',"members":[', (select string_agg(i2.t, ',') from (select concat('{"relationship":"', t2.relationship, '","person":', coalesce('␁0:' || t2.personal_id || '␁', 'null'), '}') as t from civilian.member t2 where t2.household_id = t1.id and t2.ended_on is null order by t2.position, t2.id) i2), ']}') from civilian.household t1 where t1.id = r.household_id limit 1), 'null')) from civilian.member r where r.personal_id = any($1::text[]) and r.ended_on is null;

-- step 2, population: person.household.members.person
select i.value::text, concat('{"fullName":', to_json(r.full_name), ',"insuranceBook":', coalesce('␁0:' || r.personal_id || '␁', 'null'), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

-- step 2, insurance: person.household.members.person.insuranceBook
select r.personal_id::text, concat(coalesce((select concat('{"bookCode":"', t1.book_code, '","contributions":{"nodes":[', (select string_agg(p.t, ',') from (select concat('{"fromMonth":"', t2.from_month, '","toMonth":"', t2.to_month, '","salary":', t2.salary, ',"employer":', coalesce('␁0:' || t2.employer_tax_code || '␁', 'null'), '}') as t from civilian.contribution t2 where t2.personal_id = t1.personal_id order by t2.from_month, t2.id limit $2::int) p), ']}}') from civilian.book t1 where t1.personal_id = r.personal_id limit 1), 'null')) from unnest($1::text[]) r(personal_id);

-- step 3, employer: person.household.members.person.insuranceBook.contributions.nodes.employer
select r.tax_code::text, concat('{"name":', to_json(r.name), '}') from civilian.employer r where r.tax_code = any($1::text[]);

