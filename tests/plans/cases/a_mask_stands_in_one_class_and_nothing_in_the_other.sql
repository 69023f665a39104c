-- step 1, population: person
select r.key0::text, concat('{"healthInsurance":', coalesce('␁0:' || r.personal_id || '␁', 'null'), '}') from (select i.value as key0, r.personal_id, 0 as class_rank from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID' union all select i.value as key0, r.personal_id, 1 as class_rank from defence.person_identifier i join defence.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID') r order by r.class_rank;

-- step 1, insurance: person.healthInsurance
select r.personal_id::text, concat('{"cards":[', (select string_agg(i1.t, ',') from (select concat('{"validFrom":"', t1.valid_from, '","cardCode":', coalesce('"' || t1.card_code_1_given || '"', 'null'), '}') as t from (select t1.valid_from, right(t1.card_code::text, 10) as card_code_1_given, t1.id from civilian.health_card t1 where t1.personal_id = r.personal_id union all select t1.valid_from, null::text as card_code_1_given, t1.id from defence.health_card t1 where t1.personal_id = r.personal_id) t1 order by t1.valid_from, t1.id) i1), ']}') from unnest($1::text[]) r(personal_id);

