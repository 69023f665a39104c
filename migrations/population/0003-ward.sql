-- Children under 16 in somebody's care: of a father, a mother or a legal representative. A row follows the `relative` row
-- by which the child names its guardian and lives in the same class: that of the guardian, where it would give him away,
-- else that of the child. So a class schema never says more of a family here than it says there, and both numbers may be
-- those of persons of another class schema: no foreign keys.
create table ward (
    id                    uuid primary key default gen_random_uuid(),
    guardian_personal_id  personal_id not null,
    child_personal_id     personal_id not null,
    -- How the guardian stands to the child; a parent who is also the legal representative has one row, as a parent.
    relation              token not null check (relation in ('FATHER', 'MOTHER', 'LEGAL_REPRESENTATIVE')),
    -- The day before the sixteenth birthday.
    until                 date not null,
    check (guardian_personal_id <> child_personal_id),
    -- The index by guardian.
    unique (guardian_personal_id, child_personal_id)
);
