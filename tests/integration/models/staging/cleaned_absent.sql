-- Grain: one row. A column that the source lacks is NULL, with the type of its rule.

select
    1 as row_number,
    {{ customer_health.clean_value('absent', 'amount', none) }} as as_amount,
    {{ customer_health.clean_value('absent', 'count', none) }} as as_count,
    {{ customer_health.clean_value('absent', 'flag', none) }} as as_flag,
    {{ customer_health.clean_value('absent', 'epoch_seconds', none) }} as as_epoch_seconds,
    {{ customer_health.clean_value('absent', 'industry', none) }} as as_industry
