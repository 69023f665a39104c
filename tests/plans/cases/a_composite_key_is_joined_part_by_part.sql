-- step 1, insurance: insuranceBook
select r.book_code::text, concat('{"participant":', coalesce((select concat('{"unit":', coalesce('␁0:' || t1.employer_tax_code || '␂' || t1.object_group || '␁', 'null'), '}') from civilian.participant t1 where t1.personal_id = r.personal_id limit 1), 'null'), '}') from civilian.book r where r.book_code = any($1::text[]);

-- step 2, employer: insuranceBook.participant.unit
select concat_ws('␂', r.tax_code, r.object_group), concat('{"unitCode":', coalesce('"' || r.unit_code || '"', 'null'), ',"employer":', coalesce('␁0:' || r.tax_code || '␁', 'null'), '}') from unnest($1::text[], $2::text[]) k(k0, k1) join civilian.employer_unit r on r.tax_code = k.k0 and r.object_group = k.k1;

-- step 3, employer: insuranceBook.participant.unit.employer
select r.tax_code::text, concat('{"taxCode":"', r.tax_code, '"}') from civilian.employer r where r.tax_code = any($1::text[]);

