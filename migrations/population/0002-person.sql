-- Groups 1 and 2 of Decree 164/2025: basic personal data and contact data.

create table person (
    id                       uuid primary key default gen_random_uuid(),
    personal_id              personal_id unique,
    surname                  text not null check (surname <> ''),
    middle_name              text check (middle_name <> ''),
    given_name               text not null check (given_name <> ''),
    full_name                text not null check (length(full_name) between 1 and 255),
    birth_date               partial_date not null,
    sex                      token not null check (sex in ('MALE', 'FEMALE', 'OTHER')),
    ethnicity_code           code,
    nationality              code not null,
    birth_province_code      code,
    hometown_province_code   code,
    residence_province_code  code not null,
    residence_commune_code   code not null,
    residence_detail         text,
    residence_coded_on          date not null,
    occupation               text,
    life_status              token not null default 'ALIVE' check (life_status in ('ALIVE', 'DEAD', 'MISSING')),
    life_status_date         date,
    check (life_status = 'ALIVE' or life_status_date is not null),
    -- The fourth digit is century and sex: 0 to 3 for everybody born before 2100.
    check (substr(personal_id, 4, 1) between '0' and '3')
);

-- Every number a person was ever known by, dated: the personal number can be cancelled and established anew
-- (Decree 252/2026 art. 7), so look-ups go through here and never lead to a row of another person.
create table person_identifier (
    id          uuid primary key default gen_random_uuid(),
    person_id   uuid not null references person (id) on delete cascade,
    scheme      token not null check (scheme in ('PERSONAL_ID', 'PASSPORT', 'OLD_ID_CARD', 'SI_NUMBER')),
    value       code not null,
    valid_from  date not null,
    valid_to    date,
    check (valid_to is null or valid_to >= valid_from)
);
create unique index person_identifier_value on person_identifier (value, scheme) include (person_id);
create index person_identifier_person on person_identifier (person_id, valid_from);

-- Group 2: contact data (thong tin lien he).
create table contact (
    person_id              uuid primary key references person (id) on delete cascade,
    phone                  text check (phone ~ '^0[0-9]{9,10}$'),
    email                  text check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    current_province_code  code,
    current_commune_code   code,
    current_detail         text,
    current_coded_on          date,
    preferred_channel      token check (preferred_channel in ('APP', 'PORTAL', 'POST', 'AGENT')),
    bank_account           text,
    bank_name              text,
    check (num_nulls(current_province_code, current_commune_code, current_coded_on) in (0, 3))
);

-- Father, mother, spouse and legal representative as group 1 names them. A row that would give away the class of the
-- relative lives in that class, so `person_id` may name a person of another class schema: no foreign key.
create table relative (
    id           uuid primary key default gen_random_uuid(),
    person_id    uuid not null,
    relation     token not null check (relation in ('FATHER', 'MOTHER', 'SPOUSE', 'LEGAL_REPRESENTATIVE')),
    full_name    text not null check (full_name <> ''),
    personal_id  personal_id,
    unique (person_id, relation)
);
