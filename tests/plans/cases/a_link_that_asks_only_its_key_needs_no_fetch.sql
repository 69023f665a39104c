-- step 1, insurance: insuranceBook
select r.book_code::text, concat('{"contributions":[', (select string_agg(i1.t, ',') from (select concat('{"employer":', case when t1.employer_tax_code is null then 'null' else concat('{"taxCode":"', t1.employer_tax_code, '","__typename":"Employer"}') end, '}') as t from civilian.contribution t1 where t1.personal_id = r.personal_id order by t1.from_month, t1.id) i1), ']}') from civilian.book r where r.book_code = any($1::text[]);

