-- step 1, insurance: insuranceBook
select r.book_code::text, concat('{"contributions":{"nodes":[', (select string_agg(p.t, ',') from (select concat('{"employer":', coalesce('␁0:' || t1.employer_tax_code || '␁', 'null'), '}') as t from civilian.contribution t1 where t1.personal_id = r.personal_id order by t1.from_month, t1.id limit $2::int) p), ']}}') from civilian.book r where r.book_code = any($1::text[]);

-- step 2, employer: insuranceBook.contributions.nodes.employer
select r.tax_code::text, concat('{"taxCode":"', r.tax_code, '","__typename":"Employer"}') from civilian.employer r where r.tax_code = any($1::text[]);

