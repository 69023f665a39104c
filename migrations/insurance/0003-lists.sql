-- What lists of participants are served by. Each index ends with the id, which breaks ties, so that a page begins where
-- the one before it ended. The histories of one person need no more than their index by person and date.

create index participant_employer_since on participant (employer_tax_code, employed_since, id)
    where employer_tax_code is not null;
create index participant_status on participant (status, id);
create index participant_agency on participant (managing_agency_code, id);
