-- The keys of a Vietnamese name, as `hub/domain/names.py` makes them; what they are is said there. The function depends on
-- no collation of the server, and names nothing but what every server has.
create function name_key(value text, search boolean) returns text language plpgsql immutable strict parallel safe as $$
declare
    words text;
    letters text;
    tones text;
begin
    -- Decomposed, in lower case, one space between the words. Letters with a stroke have no decomposition, so they are
    -- given one; `Ð` and `Ɖ` look like `Đ`.
    words := btrim(regexp_replace(
        replace(replace(
            translate(lower(normalize(value, NFD) collate "C"), 'ĐÐðƉɖɃ', 'đđđđđƀ'), 'đ', E'd\u0335'), 'ƀ', E'b\u0335'),
        E'[\\u0001-\\u002f\\u003a-\\u0060\\u007b-\\u00a0\\u2010-\\u2019\\u02bc]+', ' ', 'g'), ' ');
    -- Without tones; the marks of letters are signs: breve and stroke `{`, circumflex `|`, horn `}`, any other `~`.
    letters := regexp_replace(
        translate(words, E'\u0306\u0335\u0302\u031b\u0300\u0309\u0303\u0301\u0323', '{{|}'),
        E'[\\u0300-\\u036f]', '~', 'g');
    -- The first tone of each word, between spaces; twice, because the spaces of two words without a tone overlap.
    tones := regexp_replace(words, E'[^ \\u0300\\u0309\\u0303\\u0301\\u0323]+', '', 'g');
    tones := regexp_replace(tones, '([^ ])[^ ]+', '\1', 'g');
    tones := replace(replace(' ' || tones || ' ', '  ', ' 1 '), '  ', ' 1 ');
    tones := translate(tones, E'\u0300\u0309\u0303\u0301\u0323 ', '23456');
    if not search then
        return letters || E'\x1f' || tones;
    end if;
    -- Without marks; the sign of each letter, a dot where it has none; the tones.
    return translate(letters, '{|}~', '') || E'\x1f' || regexp_replace(
        translate(letters, 'abcdefghijklmnopqrstuvwxyz0123456789', '....................................'),
        '[.]([{|}~])[{|}~]*', '\1', 'g') || E'\x1f' || tones;
end $$;

alter table employer add column name_order text collate "C" not null generated always as (name_key(name, false)) stored;
