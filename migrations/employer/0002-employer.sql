-- Group 7 of Decree 164/2025: employers; with the medical facilities that visits and cards name.

create table employer (
    id                         uuid primary key default gen_random_uuid(),
    tax_code                   tax_code not null unique,
    budget_code                code unique check (budget_code ~ '^[0-9]{7}$'),
    name                       text not null check (name <> ''),
    entity_type                token not null check (entity_type in ('LLC', 'JOINT_STOCK', 'PRIVATE', 'STATE_OWNED',
                                   'FOREIGN', 'COOPERATIVE', 'HOUSEHOLD_BUSINESS', 'STATE_AGENCY', 'PUBLIC_UNIT',
                                   'ARMED_FORCES_UNIT')),
    industry_code              code not null,
    province_code              code not null,
    commune_code               code not null,
    address_detail             text,
    address_coded_on              date not null,
    phone                      text check (phone ~ '^[0-9]{8,12}$'),
    email                      text check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    payment_method             token not null check (payment_method in ('MONTHLY', 'QUARTERLY', 'HALF_YEARLY')),
    status                     token not null check (status in ('ACTIVE', 'SUSPENDED', 'DISSOLVED', 'NOT_AT_ADDRESS')),
    establishment_decision     text,
    representative_name        text not null,
    representative_personal_id personal_id,
    founded_on                 date,
    -- The tenth digit checks the nine before it (Circular 105/2020/TT-BTC art. 5); a remainder of 0 has no digit.
    constraint employer_tax_code_digit check (
        10 - (31 * substr(tax_code, 1, 1)::int + 29 * substr(tax_code, 2, 1)::int + 23 * substr(tax_code, 3, 1)::int
            + 19 * substr(tax_code, 4, 1)::int + 17 * substr(tax_code, 5, 1)::int + 13 * substr(tax_code, 6, 1)::int
            + 7 * substr(tax_code, 7, 1)::int + 5 * substr(tax_code, 8, 1)::int + 3 * substr(tax_code, 9, 1)::int) % 11
        = substr(tax_code, 10, 1)::int)
);

-- The codes under which a unit declares, one for each health-insurance object group (CV 1804/BHXH-QLT).
create table employer_unit (
    tax_code      tax_code not null references employer (tax_code) on delete cascade,
    object_group  code not null check (object_group ~ '^[A-Z]{2}$'),
    unit_code     code not null unique check (unit_code ~ '^([0-9]{10}[A-Z]{2}[A-U][0-9]{2}|[0-9]{7}[A-Z]{2})$'),
    primary key (tax_code, object_group)
);

-- Medical facilities (co so kham chua benh), QD 384/QD-BYT: 97xxx defence, 98xxx public security.
create table facility (
    code           code primary key check (code ~ '^[0-9]{5}$'),
    name           text not null check (name <> ''),
    level          token not null check (level in ('COMMUNE', 'BASIC', 'SPECIALISED')),
    province_code  code not null,
    commune_code   code not null,
    address_detail text,
    address_coded_on  date not null,
    employer_tax_code tax_code
);
