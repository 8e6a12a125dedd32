-- The account marts of two policies as one hand-written DuckDB script: the yardstick of `make bench`.
-- Written for speed alone: weights, bands and tiers are literals, what the policies share is computed once, every
-- aggregate mart is read from one pass over the scores, and medians of whole numbers come from counts per value.
-- It drops the same rows and refuses the same values as the project, but lists neither.
-- Variables to set before: source (path of the parquet file), as_of_date. Statements end with a semicolon at a line end.

create or replace schema marts;

create or replace macro amount(x) as case when x between 0 and 9007199254740992 then x end;
create or replace macro signed_count(x) as case when x between -9007199254740992 and 9007199254740992 then x end;
create or replace macro percentage(x) as case when x between 0 and 100 then x end;
create or replace macro flag(x) as case when x between 0 and 1 then x end;
create or replace macro known_text(x) as nullif(trim(x), '');
create or replace macro moment(x) as
    case when x >= timestamp '1900-01-01' and x < cast(getvariable('as_of_date') as timestamp) + interval 2 day then x end;
create or replace macro epoch(x) as
    moment(case when x between -2208988800 and 253402300799 then make_timestamp(cast(x as bigint) * 1000000) end);
create or replace macro plain(x) as lower(replace(replace(trim(x), '-', ' '), '_', ' '));
create or replace macro industry(x) as
    case
        when x in ('Technology', 'Financial Services', 'Healthcare', 'Manufacturing', 'Retail', 'Education') then x
        else case plain(x)
            when 'technology' then 'Technology'
            when 'financial services' then 'Financial Services'
            when 'healthcare' then 'Healthcare'
            when 'manufacturing' then 'Manufacturing'
            when 'retail' then 'Retail'
            when 'education' then 'Education'
            else 'Unknown'
        end
    end;
create or replace macro size_segment(x) as
    case
        when x in ('Small Business', 'Mid-Market', 'Large', 'Enterprise') then x
        else case plain(x)
            when 'small business' then 'Small Business'
            when 'mid market' then 'Mid-Market'
            when 'large' then 'Large'
            when 'enterprise' then 'Enterprise'
            else 'Unknown'
        end
    end;
create or replace macro scaled(x, lower_bound, upper_bound) as
    case
        when x is null then null
        when lower_bound = upper_bound then 0.5::double
        else (x - lower_bound) / (upper_bound - lower_bound)
    end;
create or replace macro millionths(x) as cast(floor(x * 1000000 + 0.5) as integer);
create or replace macro points(x) as cast(x / 1000000::double as decimal(9, 6));
create or replace macro share(x, y) as cast(x::double / nullif(y::double, 0) as decimal(9, 6));
create or replace macro mean(total, n) as cast((2 * cast(total * 1000000 as hugeint) + n) // nullif(2 * n, 0) / 1000000 as decimal(28, 6));
create or replace macro known_total(total, n) as case when n = 0 then 0::decimal(38, 6) else total end;
create or replace macro band(score) as
    case when score is null then 'Unscored' when score >= 80000000 then 'High' when score >= 50000000 then 'Medium' else 'Low' end;

-- 1. Rows to leave out: without a key, or a duplicate that is not the best. Only repeated keys are ranked.
create or replace temp table repeated_ids as
with repeated_hashes as (
    select hash(trim(account_id)) as id_hash
    from read_parquet(getvariable('source'))
    group by all
    having count(*) > 1
)

select trim(account_id) as account_id
from read_parquet(getvariable('source'))
where hash(trim(account_id)) in (from repeated_hashes) and trim(account_id) <> ''
group by all
having count(*) > 1;

create or replace temp table left_out as
with ranked as (
    select
        file_row_number,
        row_number() over (
            partition by trim(account_id)
            order by
                percentage(data_completeness_score) desc nulls last, amount(days_since_last_activity) asc nulls last,
                known_text(account_name) nulls last, known_text(account_type) nulls last, known_text(website) nulls last,
                known_text(phone) nulls last, known_text(billing_city) nulls last, known_text(billing_state) nulls last,
                known_text(billing_country) nulls last, industry(industry_normalized), size_segment(account_size_segment),
                known_text(geographic_region) nulls last, known_text(account_maturity_stage) nulls last,
                known_text(company_size_category) nulls last, known_text(engagement_temperature) nulls last,
                known_text(activity_frequency_score) nulls last, known_text(churn_risk_level) nulls last,
                known_text(upsell_opportunity_score) nulls last, known_text(customer_lifecycle_stage) nulls last,
                known_text(relationship_strength) nulls last, amount(annual_revenue) nulls last,
                amount(total_won_amount) nulls last, amount(current_pipeline_amount) nulls last,
                amount(number_of_employees) nulls last, amount(account_age_days) nulls last,
                amount(total_activities_30d) nulls last, amount(total_activities_90d) nulls last,
                amount(unique_activity_owners) nulls last, signed_count(activity_trend_30d) nulls last,
                amount(total_opportunities) nulls last, amount(won_opportunities) nulls last,
                amount(lost_opportunities) nulls last, amount(open_opportunities) nulls last,
                amount(total_contacts) nulls last, amount(contacts_with_email) nulls last,
                amount(callable_contacts) nulls last, amount(emailable_contacts) nulls last,
                amount(total_converted_leads) nulls last, percentage(customer_health_score) nulls last,
                percentage(win_rate_percentage) nulls last, amount(avg_sales_cycle_days) nulls last,
                amount(avg_lead_conversion_days) nulls last, flag(is_high_value_account) nulls last,
                flag(owner_is_active) nulls last, flag(is_declining_engagement) nulls last, known_text(owner_id) nulls last,
                known_text(account_owner_name) nulls last, known_text(owner_email) nulls last,
                epoch(account_created_date) nulls last, moment(last_won_date) nulls last,
                moment(latest_opportunity_date) nulls last, moment(first_lead_conversion_date) nulls last,
                moment(latest_lead_conversion_date) nulls last
        ) as row_rank
    from read_parquet(getvariable('source'), file_row_number = true)
    where trim(account_id) in (from repeated_ids)
)

select file_row_number from ranked
where row_rank > 1
union all
select file_row_number
from read_parquet(getvariable('source'), file_row_number = true)
where trim(account_id) is null or trim(account_id) = '';

-- 2. Bounds of the scaled metrics.
create or replace temp table bounds as
select
    count(*) as n,
    min(amount(days_since_last_activity))::double as recency_lower,
    max(amount(days_since_last_activity))::double as recency_upper,
    min(amount(total_activities_30d))::double as activities_lower,
    max(amount(total_activities_30d))::double as activities_upper,
    min(amount(annual_revenue)) as revenue_lower,
    max(amount(annual_revenue)) as revenue_upper,
    min(amount(total_won_amount)) as won_lower,
    max(amount(total_won_amount)) as won_upper,
    min(amount(number_of_employees))::double as employees_lower,
    max(amount(number_of_employees))::double as employees_upper
from read_parquet(getvariable('source'), file_row_number = true)
where file_row_number not in (from left_out);

-- 3. Scores, kept as whole millionths, and forecasts. Both presets measure the same metrics, so they share the
--    re-normalised weights and all points but those of the account's scale.
create or replace {temp} table scores as
with cleaned as (
    select
        trim(account_id) as account_id,
        known_text(account_name) as account_name,
        industry(industry_normalized) as industry,
        size_segment(account_size_segment) as account_size_segment,
        known_text(geographic_region) as geographic_region,
        known_text(owner_id) as owner_id,
        amount(days_since_last_activity) as days_since_last_activity,
        amount(total_activities_30d) as total_activities_30d,
        amount(total_contacts) as total_contacts,
        amount(contacts_with_email) as contacts_with_email,
        amount(annual_revenue) as annual_revenue,
        amount(total_won_amount) as total_won_amount,
        amount(current_pipeline_amount) as current_pipeline_amount,
        percentage(win_rate_percentage) as win_rate_percentage,
        amount(number_of_employees) as number_of_employees,
        amount(account_age_days) as account_age_days
    from read_parquet(getvariable('source'), file_row_number = true)
    where file_row_number not in (from left_out)
),

scaled as (
    select
        cleaned.*,
        case
            when total_contacts = 0 then 0
            when contacts_with_email > total_contacts then 1
            else contacts_with_email / total_contacts
        end as contact_email_coverage,
        1 - scaled(days_since_last_activity, recency_lower, recency_upper) as recency,
        scaled(total_activities_30d, activities_lower, activities_upper) as activities,
        scaled(annual_revenue, revenue_lower, revenue_upper) as revenue,
        scaled(total_won_amount, won_lower, won_upper) as won,
        scaled(number_of_employees, employees_lower, employees_upper) as employees,
        case account_size_segment
            when 'Small Business' then 0::double when 'Mid-Market' then 0.5 when 'Large' then 0.8 when 'Enterprise' then 1
        end as run_rate_size,
        case account_size_segment
            when 'Small Business' then 0.25::double when 'Mid-Market' then 0.5 when 'Large' then 0.75 when 'Enterprise' then 1
        end as win_probability_size
    from cleaned cross join bounds
),

weighed as (
    select
        *,
        (recency is not null)::integer + (activities is not null)::integer as activity_count,
        (revenue is not null)::integer + (won is not null)::integer as value_count,
        (run_rate_size is not null)::integer * 5 + (employees is not null)::integer * 5 as run_rate_scale_weight,
        (run_rate_size is not null)::integer * 6 + (employees is not null)::integer * 4 as win_probability_scale_weight,
        coalesce(recency, 0) + coalesce(activities, 0) as activity_sum,
        coalesce(revenue, 0) + coalesce(won, 0) as value_sum
    from scaled
),

measured as (
    select
        *,
        -- Tenths of the weight measured; 100 points are shared out over them.
        case when activity_count > 0 then 4 else 0 end + case when contact_email_coverage is not null then 3 else 0 end
        + case when value_count > 0 then 2 else 0 end + case when run_rate_scale_weight > 0 then 1 else 0 end as tenths,
        20 * activity_count + 30 * (contact_email_coverage is not null)::integer + 10 * value_count as coverage
    from weighed
),

pointed as (
    select
        *,
        case when activity_count > 0 then activity_sum * (400 / (tenths * activity_count)::double) else 0 end as p1,
        coalesce(contact_email_coverage * (300 / tenths::double), 0) as p2,
        case when value_count > 0 then value_sum * (200 / (tenths * value_count)::double) else 0 end as p3,
        case
            when run_rate_scale_weight > 0
                then (coalesce(run_rate_size * 5, 0) + coalesce(employees * 5, 0)) * (100 / (tenths * run_rate_scale_weight)::double)
            else 0
        end as run_rate_p4,
        case
            when win_probability_scale_weight > 0
                then (coalesce(win_probability_size * 6, 0) + coalesce(employees * 4, 0)) * (100 / (tenths * win_probability_scale_weight)::double)
            else 0
        end as win_probability_p4,
        coverage + run_rate_scale_weight as run_rate_coverage,
        coverage + win_probability_scale_weight as win_probability_coverage
    from measured
),

summed as (
    select
        *,
        millionths(p1) as m1,
        millionths(p1 + p2) as m2,
        millionths(p1 + p2 + p3) as m3,
        case when run_rate_coverage >= 50 then millionths(p1 + p2 + p3 + run_rate_p4) end as r_score,
        case when win_probability_coverage >= 50 then millionths(p1 + p2 + p3 + win_probability_p4) end as w_score
    from pointed
),

forecast as (
    select
        *,
        case
            when coalesce(account_age_days, 0) = 0 then case when total_won_amount is not null and r_score is not null then 0 end
            else total_won_amount / (account_age_days / 30::double) * 6 * (0.5::double + 0.5::double * (r_score / 1e8))
        end as run_rate_part,
        current_pipeline_amount * win_rate_percentage / 100 * (0.4::double + 0.8::double * (r_score / 1e8)) as pipeline_part,
        cast(current_pipeline_amount * (w_score / 1e8) + total_won_amount * 0.5::double * (0.05::double + 0.25::double * (w_score / 1e8))
            as decimal(28, 6)) as w_forecast
    from summed
)

select
    account_id, account_name, industry, account_size_segment, geographic_region, owner_id, days_since_last_activity,
    total_activities_30d, total_contacts, contacts_with_email, contact_email_coverage, annual_revenue, total_won_amount,
    current_pipeline_amount, win_rate_percentage, number_of_employees, account_age_days,
    points(millionths(50 * activity_sum * 2 / nullif(activity_count, 0))) as activity_score,
    points(millionths(100 * contact_email_coverage)) as contact_quality_score,
    points(millionths(100 * value_sum / nullif(value_count, 0))) as business_value_score,
    points(millionths(100 * (coalesce(run_rate_size * 5, 0) + coalesce(employees * 5, 0)) / nullif(run_rate_scale_weight, 0)))
        as account_scale_score,
    cast(run_rate_coverage as utinyint) as coverage,
    m1, m2, m3, r_score, w_score,
    cast(run_rate_part as decimal(28, 6)) as run_rate_revenue,
    case
        when run_rate_part is null then cast(pipeline_part as decimal(28, 6))
        else cast(run_rate_part + pipeline_part as decimal(28, 6)) - cast(run_rate_part as decimal(28, 6))
    end as pipeline_revenue,
    cast(run_rate_part + pipeline_part as decimal(28, 6)) as r_forecast,
    w_forecast
from forecast;

-- 4. Cut-offs: the two neighbours of each quantile from one aggregate, then lower + (upper - lower) x fraction.
--    quantile_disc(x, q) is the element ceil(q x n), so (place + 0.5) / n asks for a place counted from 0.
set variable r_n = (select greatest(count(r_forecast), 1) from scores);
set variable w_n = (select greatest(count(w_forecast), 1) from scores);
create or replace macro places(n, q) as [(floor(q * (n - 1)) + 0.5) / n, (ceil(q * (n - 1)) + 0.5) / n];
create or replace macro between_places(found, i, n, q) as found[i] + (found[i + 1] - found[i]) * (q * (n - 1) - floor(q * (n - 1)));
set variable r_places = list_concat(places(getvariable('r_n'), 0.75::double), list_concat(places(getvariable('r_n'), 0.5::double), places(getvariable('r_n'), 0.25::double)));
set variable w_places = list_concat(places(getvariable('w_n'), 0.75::double), places(getvariable('w_n'), 0.25::double));
create or replace {temp} table cut_offs as
with found as (
    select
        quantile_disc(r_forecast::double, getvariable('r_places')) as r,
        quantile_disc(w_forecast::double, getvariable('w_places')) as w
    from scores
)

select
    between_places(r, 1, getvariable('r_n'), 0.75::double) as r_75,
    between_places(r, 3, getvariable('r_n'), 0.5::double) as r_50,
    between_places(r, 5, getvariable('r_n'), 0.25::double) as r_25,
    between_places(w, 1, getvariable('w_n'), 0.75::double) as w_75,
    between_places(w, 3, getvariable('w_n'), 0.25::double) as w_25
from found;
create or replace macro r_tier(x) as
    case when x is null then 'Unscored' when x::double > r_75 then 'A' when x::double > r_50 then 'B' when x::double > r_25 then 'C' else 'D' end;
create or replace macro w_tier(x) as
    case when x is null then 'Unscored' when x::double > w_75 then 'A' when x::double >= w_25 then 'B' else 'C' end;

-- 5. The marts with one row per account.
create or replace {relation} marts.account_health as
select
    account_id, account_name, industry, account_size_segment, geographic_region, owner_id, days_since_last_activity,
    total_activities_30d, total_contacts, contacts_with_email, contact_email_coverage, annual_revenue, total_won_amount,
    current_pipeline_amount, win_rate_percentage, number_of_employees, account_age_days,
    activity_score, contact_quality_score, business_value_score, account_scale_score,
    points(r_score) as health_score,
    band(r_score) as health_band,
    cast(coverage / 100 as decimal(9, 6)) as score_coverage,
    run_rate_revenue,
    pipeline_revenue,
    0::decimal(28, 6) as upsell_revenue,
    coalesce(account_age_days, 0) = 0 as is_run_rate_unknown,
    r_forecast as predicted_6m_revenue,
    r_tier(r_forecast) as contribution_tier,
    'run_rate' as policy,
    'hand-written' as policy_version,
    getvariable('as_of_date')::date as as_of_date
from scores cross join cut_offs;

create or replace {relation} marts.policy_scores as
select 'run_rate' as policy, account_id, points(r_score) as health_score, band(r_score) as health_band,
    r_forecast as predicted_6m_revenue, r_tier(r_forecast) as contribution_tier
from scores cross join cut_offs
union all
select 'win_probability', account_id, points(w_score), band(w_score), w_forecast, w_tier(w_forecast)
from scores cross join cut_offs;

-- 6. Medians per industry and per cohort. Whole numbers: one count per value. Others: the value at the middle.
create or replace temp table win_rate_medians as
select industry, quantile_cont(win_rate_percentage, 0.5) as median from scores
group by industry;

-- 7. One pass for all aggregate marts: sums per industry, size, bands and tiers (some hundred rows).
create or replace temp table cube as
select
    industry,
    account_size_segment,
    band(r_score) as r_band,
    band(w_score) as w_band,
    r_tier(r_forecast) as r_tier,
    w_tier(w_forecast) as w_tier,
    count(*) as n,
    count(r_score) as r_n,
    count(w_score) as w_n,
    count(r_forecast) as r_forecast_n,
    count(w_forecast) as w_forecast_n,
    sum(r_score::bigint) as r_sum,
    sum(w_score::bigint) as w_sum,
    min(r_score) as r_min,
    max(r_score) as r_max,
    min(w_score) as w_min,
    max(w_score) as w_max,
    sum(r_forecast) as r_total,
    sum(w_forecast) as w_total,
    -- Spread of the dimensions' points, in whole millionths.
    {spread}
    -- Correlation of score and forecast; sums about zero lose too much, so both are centred roughly first.
    sum(r_forecast::double) as r_y,
    sum(r_forecast::double * r_forecast::double) as r_yy,
    sum((r_score - 50000000) / 1e6 * r_forecast::double) as r_xy,
    sum((r_score - 50000000) / 1e6) filter (r_forecast is not null) as r_x,
    sum(((r_score - 50000000) / 1e6) ** 2) filter (r_forecast is not null) as r_xx,
    sum(w_forecast::double) as w_y,
    sum(w_forecast::double * w_forecast::double) as w_yy,
    sum((w_score - 50000000) / 1e6 * w_forecast::double) as w_xy,
    sum((w_score - 50000000) / 1e6) filter (w_forecast is not null) as w_x,
    sum(((w_score - 50000000) / 1e6) ** 2) filter (w_forecast is not null) as w_xx,
    {metric_sums}
    count(*) filter (total_activities_30d >= 5) as activity_frequency,
    count(*) filter (days_since_last_activity <= 14) as activity_recency,
    count(*) filter (contact_email_coverage >= 0.8) as email_coverage,
    count(*) filter (current_pipeline_amount / nullif(total_won_amount, 0) >= 0.5) as pipeline_to_won,
    count(current_pipeline_amount / nullif(total_won_amount, 0)) as pipeline_to_won_n,
    count(*) filter (win_rate_percentage >= median) as win_rate_in_industry
from scores cross join cut_offs inner join win_rate_medians using (industry)
group by all;
