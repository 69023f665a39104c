-- step 1, population: me
select i.value::text, concat('{"fullName":', to_json(r.full_name), ',"household":', coalesce('␁0:' || r.personal_id || '␁', 'null'), ',"insuranceBook":', coalesce('␁1:' || r.personal_id || '␁', 'null'), ',"healthInsurance":', coalesce('␁2:' || r.personal_id || '␁', 'null'), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

-- step 1, household: me.household
select r.personal_id::text, concat(coalesce((select concat('{"members":[', (select string_agg(i2.t, ',') from (select concat('{"relationship":"', t2.relationship, '","person":', coalesce('␁0:' || t2.personal_id || '␁', 'null'), '}') as t from civilian.member t2 where t2.household_id = t1.id and t2.ended_on is null order by t2.position, t2.id) i2), ']}') from civilian.household t1 where t1.id = r.household_id limit 1), 'null')) from civilian.member r where r.personal_id = any($1::text[]) and r.ended_on is null;

-- step 1, insurance: me.insuranceBook
select r.personal_id::text, concat(coalesce((select concat('{"bookCode":"', t1.book_code, '","contributions":{"nodes":[', (select string_agg(p.t, ',') from (select concat('{"salary":', t2.salary, ',"employer":', coalesce('␁0:' || t2.employer_tax_code || '␁', 'null'), '}') as t from civilian.contribution t2 where t2.personal_id = t1.personal_id order by t2.from_month, t2.id limit $2::int) p), ']},"totals":', (select concat('{"months":', coalesce((select sum(upper(s) - lower(s)) from unnest(range_agg(t3.span) filter (where t3.status = 'PAID' and 'RETIREMENT' = any(t3.kinds) and not t3.settled)) s), 0), ',"years":␁1:', coalesce((select sum(upper(s) - lower(s)) from unnest(range_agg(t3.span) filter (where t3.status = 'PAID' and 'RETIREMENT' = any(t3.kinds) and not t3.settled)) s), 0), '␁}') from civilian.contribution t3 where t3.personal_id = t1.personal_id), '}') from civilian.book t1 where t1.personal_id = r.personal_id limit 1), 'null')), concat('{"cards":{"nodes":[', (select string_agg(p.t, ',') from (select concat('{"validTo":"', t4.valid_to, '","initialFacility":', coalesce('␁2:' || t4.initial_facility_code || '␁', 'null'), '}') as t from civilian.health_card t4 where t4.personal_id = r.personal_id order by t4.valid_from, t4.id limit $3::int) p), ']}}') from unnest($1::text[]) r(personal_id);

-- step 2, population: me.household.members.person
select i.value::text, concat('{"fullName":', to_json(r.full_name), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

-- step 2, employer: me.insuranceBook.contributions.nodes.employer
select r.tax_code::text, concat('{"name":', to_json(r.name), '}') from civilian.employer r where r.tax_code = any($1::text[]);

-- step 2, employer: me.healthInsurance.cards.nodes.initialFacility
select r.code::text, concat('{"name":', to_json(r.name), '}') from civilian.facility r where r.code = any($1::text[]);

