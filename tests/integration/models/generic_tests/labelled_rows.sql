-- Grain: one row with two labels and a rank; rows 2, 8 and 16 have a value outside its set.

select 1 as row_key, 'Children' || chr(39) || 's' as label, 'a' || chr(92) || 'b' as second_label, 1 as place
union all
select 2 as row_key, 'children' as label, 'a' || chr(92) || 'b' as second_label, 1 as place
union all
select 4 as row_key, null as label, null as second_label, null as place
union all
select 8 as row_key, null as label, 'ab' as second_label, 2 as place
union all
select 16 as row_key, 'Children' || chr(39) || 's' as label, null as second_label, 3 as place
