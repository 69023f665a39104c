-- Groups 4, 5 and 6 of Decree 164/2025: social, health and unemployment insurance.
-- A row lives in the class of its authority (civilian: VSS; defence: Army SI; public security: Police SI), not in the
-- class of its person: the two years of a conscript stand in `defence` inside a civilian career. Hence no foreign keys
-- between participants and their histories; all of them know the person by the personal number.

-- Group 4: the participant (nguoi tham gia BHXH), at most one for a person and class.
create table participant (
    id                     uuid primary key default gen_random_uuid(),
    personal_id            personal_id not null unique,
    si_number              code not null unique check (si_number ~ '^[0-9]{10}$'),
    subject_type           token check (subject_type in ('A', 'B', 'C', 'D', 'DD', 'E', 'G', 'H', 'I', 'K', 'L', 'M', 'N',
                               'VOLUNTARY', 'NONE')),
    payment_method         token check (payment_method in ('MONTHLY', 'QUARTERLY', 'HALF_YEARLY', 'YEARLY', 'FORWARD',
                               'BACK_PAY')),
    managing_agency_code   code,
    employer_tax_code      tax_code,
    object_group           code,
    job_title              text,
    employed_since         month,
    salary                 dong,
    status                 token not null check (status in ('ACTIVE', 'PAUSED', 'RETIRED', 'CLOSED')),
    reserved_months        smallint not null default 0 check (reserved_months between 0 and 144)
);
create index participant_employer on participant (employer_tax_code, id) where employer_tax_code is not null;

-- The electronic book (so BHXH dien tu), Decree 164 art. 8, Circular 09/2026.
create table book (
    id               uuid primary key default gen_random_uuid(),
    book_code        code not null unique,
    personal_id      personal_id not null unique,
    issuer           token not null check (issuer in ('VSS', 'ARMY_SI', 'POLICE_SI')),
    issued_on        date not null,
    version          integer not null check (version >= 1),
    data_as_of       date not null,
    status           token not null check (status in ('ACTIVE', 'SUSPENDED', 'REVOKED', 'MERGED')),
    closed_up_to     month,
    linked_to_vneid  date
);

-- One line of the payment history (form C14-TS); months inclusive.
create table contribution (
    id                    uuid primary key default gen_random_uuid(),
    personal_id           personal_id not null,
    from_month            month not null,
    to_month              month not null,
    months                smallint not null generated always as (
                              (left(to_month::text, 4)::int * 12 + right(to_month::text, 2)::int)
                            - (left(from_month::text, 4)::int * 12 + right(from_month::text, 2)::int) + 1) stored,
    span                  int4range not null generated always as (int4range(
                              left(from_month::text, 4)::int * 12 + right(from_month::text, 2)::int,
                              left(to_month::text, 4)::int * 12 + right(to_month::text, 2)::int, '[]')) stored,
    employer_tax_code     tax_code,
    object_group          code,
    unit_code             code,
    unit_name             text not null,
    job_title             text not null,
    workplace             text,
    kinds                 text[] not null check (kinds <@ array['RETIREMENT', 'SICKNESS_MATERNITY', 'ACCIDENT',
                              'UNEMPLOYMENT', 'HEALTH'] and cardinality(kinds) > 0),
    salary_kind           token not null check (salary_kind in ('AMOUNT', 'COEFFICIENT')),
    salary                dong not null,
    coefficient           numeric(5, 2) check (coefficient between 0 and 100),
    position_allowance    numeric(5, 2) check (position_allowance >= 0),
    seniority_percent     smallint check (seniority_percent between 0 and 100),
    other_supplement      dong,
    region                token check (region in ('I', 'II', 'III', 'IV')),
    rate_retirement       numeric(5, 2) not null,
    rate_sickness         numeric(5, 2) not null,
    rate_accident         numeric(5, 2) not null,
    rate_unemployment     numeric(5, 2) not null,
    rate_health           numeric(5, 2) not null,
    employee_amount       dong not null,
    employer_amount       dong not null,
    status                token not null check (status in ('PAID', 'UNPAID', 'LATE', 'EVADED')),
    settled               boolean not null default false,
    movement_code         token,
    recorded_on           date not null,
    check (to_month >= from_month)
);
create index contribution_person on contribution (personal_id, from_month, id);

-- Benefits enjoyed and settled (qua trinh huong).
create table benefit (
    id               uuid primary key default gen_random_uuid(),
    personal_id      personal_id not null,
    regime           token not null check (regime in ('SICK', 'MATERNITY', 'RECOVERY', 'ACCIDENT', 'PENSION', 'SURVIVOR',
                         'ONE_TIME', 'SOCIAL_PENSION')),
    decision_number  text,
    decided_on       date,
    decided_by       text,
    period_from      date not null,
    period_to        date,
    days             integer check (days >= 0),
    amount           dong not null,
    paid_via         token check (paid_via in ('ACCOUNT', 'UNIT', 'CASH')),
    basis_salary     dong,
    rate_percent     numeric(5, 2),
    diagnosis_code   code,
    months_counted   smallint check (months_counted >= 0),
    status           token not null check (status in ('SUBMITTED', 'APPROVED', 'PAID', 'SUSPENDED', 'TERMINATED',
                         'CANCELLED')),
    check (period_to is null or period_to >= period_from)
);
create index benefit_person on benefit (personal_id, period_from, id);

-- Group 5: health cards (the BHYT), one row for each period of validity.
create table health_card (
    id                     uuid primary key default gen_random_uuid(),
    personal_id            personal_id not null,
    hi_number              code not null check (hi_number ~ '^[0-9]{10}$'),
    card_code              code not null check (card_code ~ '^[A-Z]{2}[1-5][0-9]{12}$'),
    object_group           code not null,
    benefit_level          smallint not null check (benefit_level between 1 and 5),
    living_area            token check (living_area in ('K1', 'K2', 'K3')),
    initial_facility_code  code not null,
    valid_from             date not null,
    valid_to               date not null,
    five_years_on          date,
    copay_exempt_from      date,
    copay_this_year        dong,
    issuer                 token not null check (issuer in ('PROVINCIAL_SI', 'ARMY_SI', 'POLICE_SI')),
    status                 token not null check (status in ('ACTIVE', 'EXPIRED', 'REVOKED', 'REDUCED', 'REPLACED', 'LOCKED')),
    check (valid_to >= valid_from),
    check (substr(card_code, 1, 2) = object_group and substr(card_code, 3, 1) = benefit_level::text)
);
create index health_card_person on health_card (personal_id, valid_from, id);

-- Medical visits paid by health insurance (hospital form XML1).
create table visit (
    id                uuid primary key default gen_random_uuid(),
    personal_id       personal_id not null,
    card_code         code,
    facility_code     code not null,
    admitted_at       timestamp not null,
    discharged_at     timestamp,
    diagnosis_code    code not null,
    treatment         token not null check (treatment in ('OUTPATIENT', 'INPATIENT')),
    result            token check (result in ('CURED', 'BETTER', 'SAME', 'WORSE', 'DIED')),
    total_cost        dong not null,
    insurance_paid    dong not null,
    patient_copay     dong not null,
    check (discharged_at is null or discharged_at >= admitted_at)
);
create index visit_person on visit (personal_id, admitted_at, id);

-- Group 6: periods of unemployment benefit (Employment Law 74/2025 art. 39-41).
create table unemployment_period (
    id                  uuid primary key default gen_random_uuid(),
    personal_id         personal_id not null,
    decision_number     text,
    from_date           date not null,
    to_date             date,
    monthly_amount      dong not null,
    months_granted      smallint not null check (months_granted between 0 and 12),
    status              token not null check (status in ('RECEIVING', 'SUSPENDED', 'COMPLETED', 'TERMINATED')),
    termination_reason  token check (termination_reason in ('WORK', 'SERVICE', 'PENSION', 'REFUSALS', 'REPORTS',
                            'EMIGRATION', 'STUDY', 'FINE', 'DEATH', 'REHABILITATION', 'MISSING', 'DETENTION', 'REQUEST')),
    check (to_date is null or to_date >= from_date)
);
create index unemployment_period_person on unemployment_period (personal_id, from_date, id);
