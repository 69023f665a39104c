-- step 1, employer: employer
select r.tax_code::text, concat('{"participants":', coalesce('␁0:' || r.tax_code || '␁', 'null'), '}') from civilian.employer r where r.tax_code = any($1::text[]);

-- step 1, insurance: employer.participants
select r.tax_code::text, concat('{"nodes":[', (select string_agg(p.t, ',') from (select concat('{"status":"', t1.status, '","person":', coalesce('␁0:' || t1.personal_id || '␁', 'null'), '}') as t from civilian.participant t1 where t1.employer_tax_code = r.tax_code order by t1.id limit $2::int) p), ']}') from unnest($1::text[]) r(tax_code);

-- step 2, population: employer.participants.nodes.person
select i.value::text, concat('{"sex":"', r.sex, '","insuranceBook":', coalesce('␁0:' || r.personal_id || '␁', 'null'), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

-- step 2, insurance: employer.participants.nodes.person.insuranceBook
select r.personal_id::text, concat(coalesce((select concat('{"status":"', t1.status, '"}') from civilian.book t1 where t1.personal_id = r.personal_id limit 1), 'null')) from unnest($1::text[]) r(personal_id);

