-- step 1, employer: employer
select r.tax_code::text, concat('{"participants":', coalesce('␁0:' || r.tax_code || '␁', 'null'), '}') from civilian.employer r where r.tax_code = any($1::text[]);

-- step 1, insurance: employer.participants
select r.tax_code::text, concat('{"nodes":[', (select string_agg(p.t, ',') from (select concat('{"person":', coalesce('␁0:' || t1.personal_id || '␁', 'null'), '}') as t from civilian.participant t1 where t1.employer_tax_code = r.tax_code order by t1.id limit $2::int) p), ']}') from unnest($1::text[]) r(tax_code);

-- step 2, population: employer.participants.nodes.person
select i.value::text, concat('{"id":"', left(encode(sha256($3::bytea || sha256($2::bytea || convert_to(r.id::text, 'UTF8'))), 'hex'), 32), '","birthDate":"', left(r.birth_date::text, 4), '","household":', coalesce('␁0:' || r.personal_id || '␁', 'null'), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

-- step 2, household: employer.participants.nodes.person.household
select r.personal_id::text, concat(coalesce((select concat('{"householdId":"', left(encode(sha256($3::bytea || sha256($2::bytea || convert_to(t1.id::text, 'UTF8'))), 'hex'), 32), '","householdCode":', coalesce('"' || rpad(left(t1.household_code::text, 2), greatest(length(t1.household_code::text), 2), '*') || '"', 'null'), '}') from civilian.household t1 where t1.id = r.household_id limit 1), 'null')) from civilian.member r where r.personal_id = any($1::text[]) and r.ended_on is null;

