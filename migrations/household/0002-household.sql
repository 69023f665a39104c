-- Group 3 of Decree 164/2025: the household (ho gia dinh).

create table household (
    id                 uuid primary key default gen_random_uuid(),
    household_code     code unique check (household_code ~ '^[0-9]{10}$'),
    registration_type  token not null check (registration_type in ('PERMANENT', 'TEMPORARY')),
    province_code      code not null,
    commune_code       code not null,
    address_detail     text,
    address_coded_on   date not null,
    registered_on      date not null,
    head_phone         text check (head_phone ~ '^0[0-9]{9,10}$')
);

-- A member row lives in the class it would reveal: `household_id` may name a household of another class schema,
-- so there is no foreign key. `ended_on` null: a member today; at most one such row for a person.
create table member (
    id                     uuid primary key default gen_random_uuid(),
    household_id           uuid not null,
    personal_id            personal_id,
    si_number              code check (si_number ~ '^[0-9]{10}$'),
    position               smallint not null check (position between 1 and 100),
    relationship           token not null check (relationship in ('HEAD', 'WIFE', 'HUSBAND', 'CHILD', 'FATHER', 'MOTHER',
                               'GRANDFATHER', 'GRANDMOTHER', 'GRANDCHILD', 'ELDER_BROTHER', 'ELDER_SISTER',
                               'YOUNGER_SIBLING', 'DAUGHTER_IN_LAW', 'SON_IN_LAW', 'OTHER')),
    since                  date not null,
    ended_on               date,
    initial_facility_code  code,
    state_support_percent  smallint not null default 0 check (state_support_percent between 0 and 100),
    card_form              token check (card_form in ('ELECTRONIC', 'PAPER')),
    months_paid            smallint not null default 0 check (months_paid between 0 and 12),
    check (ended_on is null or ended_on >= since)
);
create unique index member_person on member (personal_id) include (household_id) where ended_on is null;
-- One head today. Where the head is hidden from a class, that class knows another member as head.
create unique index member_head on member (household_id) where relationship = 'HEAD' and ended_on is null;
create index member_household on member (household_id, position, id) where ended_on is null;
