-- step 1, population: person
select i.value::text, concat('{"permanentResidence":{"province":{"name":␁0:', r.residence_province_code, '␂', r.residence_coded_on, '␁}}}') from civilian.person_identifier i join civilian.person r on r.id = i.person_id where i.value = any($1::text[]) and i.scheme = 'PERSONAL_ID';

