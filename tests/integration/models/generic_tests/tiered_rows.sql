-- Grain: one account under one policy with its tier, right and wrong. The values 10 to 50 have the
-- cut-offs 20 and 40,
-- so the accounts at 20 and 40 stand on them.

select 'above' as policy, 1 as row_key, 10.0 as value, 'C' as right_tier, 'C' as wrong_tier
union all
select 'above' as policy, 2 as row_key, 20.0 as value, 'C' as right_tier, 'B' as wrong_tier
union all
select 'above' as policy, 4 as row_key, 30.0 as value, 'B' as right_tier, 'B' as wrong_tier
union all
select 'above' as policy, 8 as row_key, 40.0 as value, 'B' as right_tier, 'A' as wrong_tier
union all
select 'above' as policy, 16 as row_key, 50.0 as value, 'A' as right_tier, 'A' as wrong_tier
union all
select 'above' as policy, 32 as row_key, null as value, 'Unscored' as right_tier, 'C' as wrong_tier
union all
select
    'at_least' as policy,
    64 as row_key,
    10.0 as value,
    'C' as right_tier,
    'Unscored' as wrong_tier
union all
select 'at_least' as policy, 128 as row_key, 20.0 as value, 'B' as right_tier, 'C' as wrong_tier
union all
select 'at_least' as policy, 256 as row_key, 30.0 as value, 'B' as right_tier, 'B' as wrong_tier
union all
select 'at_least' as policy, 512 as row_key, 40.0 as value, 'A' as right_tier, 'B' as wrong_tier
union all
select 'at_least' as policy, 1024 as row_key, 50.0 as value, 'A' as right_tier, 'A' as wrong_tier
