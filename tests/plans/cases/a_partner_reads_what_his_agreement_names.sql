-- step 1, population: person
select i.value::text, concat('{"id":"', left(encode(sha256($3::bytea || sha256($2::bytea || convert_to(r.id::text, 'UTF8'))), 'hex'), 32), '","fullName":', to_json(r.full_name), ',"permanentResidence":{"province":{"name":␁0:', r.residence_province_code, '␂', r.residence_coded_on, '␁}},"healthInsurance":', coalesce('␁1:' || r.personal_id || '␁', 'null'), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

-- step 1, insurance: person.healthInsurance
select r.personal_id::text, concat('{"cards":{"nodes":[', (select string_agg(p.t, ',') from (select concat('{"cardCode":', coalesce('"' || right(t1.card_code::text, 10) || '"', 'null'), ',"objectGroup":{"name":␁0:', t1.object_group, '␁}}') as t from civilian.health_card t1 where t1.personal_id = r.personal_id order by t1.valid_from, t1.id limit $2::int) p), ']},"visits":{"nodes":[', (select string_agg(p.t, ',') from (select concat('{"id":"', left(encode(sha256($5::bytea || sha256($4::bytea || convert_to(t2.id::text, 'UTF8'))), 'hex'), 32), '","cardCode":', coalesce('"' || right(t2.card_code::text, 10) || '"', 'null'), ',"facility":', coalesce('␁1:' || t2.facility_code || '␁', 'null'), '}') as t from civilian.visit t2 where t2.personal_id = r.personal_id order by t2.admitted_at, t2.id limit $3::int) p), ']}}') from unnest($1::text[]) r(personal_id);

-- step 2, employer: person.healthInsurance.visits.nodes.facility
select r.code::text, concat('{"name":', to_json(r.name), '}') from civilian.facility r where r.code = any($1::text[]);

