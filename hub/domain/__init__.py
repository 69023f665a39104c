"""Facts of the field: identifiers, dated code tables, dated arithmetic of social insurance.

Takes text, codes, dates and amounts; gives canonical text, names and amounts, or says what is wrong. Pure: the only
reading done is of its own CSV tables, once. Everything that the law may change is a dated row of a table, never a
constant in code; a row marked `K` rests on general knowledge, a row marked `sourced` on published material.

Modules, in order of use:
    identifiers   formats with their checks: personal number, tax code, card code, unit code, months, dates, ...
    names         Vietnamese names: one spelling, order, what a typed name finds
    codes         dated code tables: provinces, communes, object groups, ICD-10, industries, ...
    arithmetic    contributions, counted years, premiums, pensions and unemployment benefit
"""
