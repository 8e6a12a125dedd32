-- Grain: one label with a character that literals escape.

select 'Children' || chr(39) || 's' as label
union all
select 'a' || chr(92) || 'b' as label
