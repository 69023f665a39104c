-- step 1, population: person
select i.value::text, concat('{"insuranceBook":', coalesce('␁0:' || r.personal_id || '␁', 'null'), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

-- step 1, insurance: person.insuranceBook
select r.personal_id::text, concat(coalesce((select concat('{"benefits":[', (select string_agg(i2.t, ',') from (select concat(case when t2.regime in ('SICK', 'MATERNITY', 'RECOVERY') then concat('{"regime":"', t2.regime, '","periodFrom":"', t2.period_from, '"}') when t2.regime in ('ACCIDENT') then concat('{"regime":"', t2.regime, '","periodFrom":"', t2.period_from, '"}') when t2.regime in ('PENSION', 'SOCIAL_PENSION') then concat('{"regime":"', t2.regime, '","periodFrom":"', t2.period_from, '"}') when t2.regime in ('ONE_TIME', 'SURVIVOR') then concat('{"regime":"', t2.regime, '","periodFrom":"', t2.period_from, '"}') end) as t from civilian.benefit t2 where t2.personal_id = t1.personal_id order by t2.period_from, t2.id) i2), ']}') from civilian.book t1 where t1.personal_id = r.personal_id limit 1), 'null')) from unnest($1::text[]) r(personal_id);

