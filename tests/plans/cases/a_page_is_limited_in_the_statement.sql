-- step 1, employer: employer
select r.tax_code::text, concat('{"name":', to_json(r.name), ',"participants":', coalesce('␁0:' || r.tax_code || '␁', 'null'), '}') from civilian.employer r where r.tax_code = any($1::text[]);

-- step 1, insurance: employer.participants
select r.tax_code::text, concat('{"nodes":[', (select string_agg(p.t, ',') from (select concat('{"jobTitle":', coalesce(to_json(t1.job_title)::text, 'null'), ',"person":', coalesce('␁0:' || t1.personal_id || '␁', 'null'), '}') as t from civilian.participant t1 where t1.employer_tax_code = r.tax_code and (t1.id) > (($3::text[])[1]::uuid) order by t1.id limit $2::int) p), ']}') from unnest($1::text[]) r(tax_code);

-- step 2, population: employer.participants.nodes.person
select i.value::text, concat('{"fullName":', to_json(r.full_name), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

