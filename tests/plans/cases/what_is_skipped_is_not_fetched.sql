-- step 1, population: person
select i.value::text, concat('{"fullName":', to_json(r.full_name), '}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

