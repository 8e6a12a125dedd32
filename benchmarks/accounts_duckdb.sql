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
create or replace temp table repeated_hashes as
select hash(trim(account_id)) as id_hash
from read_parquet(getvariable('source'))
group by all
having count(*) > 1;

create or replace temp table suspects as
select
    file_row_number,
    trim(account_id) as account_id
from read_parquet(getvariable('source'), file_row_number = true)
where hash(trim(account_id)) in (from repeated_hashes) or coalesce(trim(account_id), '') = '';

create or replace temp table repeated_rows as
select file_row_number from suspects
where account_id <> ''
qualify count(*) over (partition by account_id) > 1;

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
    where file_row_number in (from repeated_rows)
)

select file_row_number from ranked
where row_rank > 1
union all
select file_row_number from suspects
where account_id is null or account_id = '';

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

create or replace temp table win_rate_medians as
select industry, quantile_cont(win_rate_percentage, 0.5) as median from scores
group by industry;

-- 6. One pass for all aggregate marts: sums per industry, size, bands and tiers (some hundred rows).
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
    -- Sums of the dimensions' points, of their products, and of score x forecast. They hold for a policy where its
    -- score (forecast) is known, and its band (tier) in the group says where.
    sum(a) as a, sum(b) as b, sum(c) as c, sum(r) as r, sum(w) as w,
    sum(a * a) as aa, sum(b * b) as bb, sum(c * c) as cc, sum(r * r) as rr, sum(w * w) as ww,
    sum(a * b) as ab, sum(a * c) as ac, sum(b * c) as bc,
    sum(a * r) as ar, sum(b * r) as br, sum(c * r) as cr, sum(a * w) as aw, sum(b * w) as bw, sum(c * w) as cw,
    sum(r_y * r_y) as r_yy, sum(r_y * r_score) as r_xy, sum(w_y * w_y) as w_yy, sum(w_y * w_score) as w_xy,
    -- The profile's metrics: how many are known, and their exact total.
    count(days_since_last_activity) as days_since_last_activity_n, sum(days_since_last_activity) as days_since_last_activity_total,
    count(total_activities_30d) as total_activities_30d_n, sum(total_activities_30d) as total_activities_30d_total,
    count(total_contacts) as total_contacts_n, sum(total_contacts) as total_contacts_total,
    count(contacts_with_email) as contacts_with_email_n, sum(contacts_with_email) as contacts_with_email_total,
    count(contact_email_coverage) as contact_email_coverage_n, sum(contact_email_coverage::decimal(9, 6)) as contact_email_coverage_total,
    count(annual_revenue) as annual_revenue_n, sum(annual_revenue::decimal(28, 6)) as annual_revenue_total,
    count(total_won_amount) as total_won_amount_n, sum(total_won_amount::decimal(28, 6)) as total_won_amount_total,
    count(current_pipeline_amount) as current_pipeline_amount_n, sum(current_pipeline_amount::decimal(28, 6)) as current_pipeline_amount_total,
    count(win_rate_percentage) as win_rate_percentage_n, sum(win_rate_percentage::decimal(9, 6)) as win_rate_percentage_total,
    count(number_of_employees) as number_of_employees_n, sum(number_of_employees) as number_of_employees_total,
    count(account_age_days) as account_age_days_n, sum(account_age_days) as account_age_days_total,
    count(*) filter (total_activities_30d >= 5) as activity_frequency,
    count(*) filter (days_since_last_activity <= 14) as activity_recency,
    count(*) filter (contact_email_coverage >= 0.8) as email_coverage,
    count(*) filter (current_pipeline_amount / nullif(total_won_amount, 0) >= 0.5) as pipeline_to_won,
    count(current_pipeline_amount / nullif(total_won_amount, 0)) as pipeline_to_won_n,
    count(*) filter (win_rate_percentage >= median) as win_rate_in_industry
from (
    select
        *,
        m1 / 1e6 as a, (m2 - m1) / 1e6 as b, (m3 - m2) / 1e6 as c, (r_score - m3) / 1e6 as r, (w_score - m3) / 1e6 as w,
        r_forecast::double as r_y, w_forecast::double as w_y
    from scores
) as scores
cross join cut_offs
inner join win_rate_medians using (industry)
group by all;

-- 7. Medians of the low, the other and all accounts. Metrics of few distinct values: from one count per value.
create or replace temp table value_counts as
select 'days_since_last_activity' as metric, days_since_last_activity::double as metric_value, r_score < 50000000 as r, w_score < 50000000 as w, count(*) as n from scores where days_since_last_activity is not null group by all
union all
select 'total_activities_30d' as metric, total_activities_30d::double as metric_value, r_score < 50000000 as r, w_score < 50000000 as w, count(*) as n from scores where total_activities_30d is not null group by all
union all
select 'total_contacts' as metric, total_contacts::double as metric_value, r_score < 50000000 as r, w_score < 50000000 as w, count(*) as n from scores where total_contacts is not null group by all
union all
select 'contacts_with_email' as metric, contacts_with_email::double as metric_value, r_score < 50000000 as r, w_score < 50000000 as w, count(*) as n from scores where contacts_with_email is not null group by all
union all
select 'contact_email_coverage' as metric, contact_email_coverage::double as metric_value, r_score < 50000000 as r, w_score < 50000000 as w, count(*) as n from scores where contact_email_coverage is not null group by all
union all
select 'win_rate_percentage' as metric, win_rate_percentage::double as metric_value, r_score < 50000000 as r, w_score < 50000000 as w, count(*) as n from scores where win_rate_percentage is not null group by all
union all
select 'number_of_employees' as metric, number_of_employees::double as metric_value, r_score < 50000000 as r, w_score < 50000000 as w, count(*) as n from scores where number_of_employees is not null group by all
union all
select 'account_age_days' as metric, account_age_days::double as metric_value, r_score < 50000000 as r, w_score < 50000000 as w, count(*) as n from scores where account_age_days is not null group by all;

create or replace temp table medians as
with counted as (
    select
        metric,
        metric_value,
        coalesce(sum(n) filter (r), 0) as r_low,
        coalesce(sum(n) filter (not r), 0) as r_not_low,
        coalesce(sum(n) filter (w), 0) as w_low,
        coalesce(sum(n) filter (not w), 0) as w_not_low,
        sum(n) as everyone
    from value_counts
    group by all
),

running as (
    select
        metric,
        metric_value,
        r_low,
        sum(r_low) over up_to_here as r_low_up_to, sum(r_low) over metric_rows as r_low_n,
        r_not_low,
        sum(r_not_low) over up_to_here as r_not_low_up_to, sum(r_not_low) over metric_rows as r_not_low_n,
        w_low,
        sum(w_low) over up_to_here as w_low_up_to, sum(w_low) over metric_rows as w_low_n,
        w_not_low,
        sum(w_not_low) over up_to_here as w_not_low_up_to, sum(w_not_low) over metric_rows as w_not_low_n,
        everyone,
        sum(everyone) over up_to_here as everyone_up_to, sum(everyone) over metric_rows as everyone_n
    from counted
    window
        metric_rows as (partition by metric),
        up_to_here as (partition by metric order by metric_value rows between unbounded preceding and current row)
)

-- The values at places (n + 1) // 2 and n // 2 + 1, counted from 1.
select
    metric,
    (min(metric_value) filter (r_low_up_to >= (r_low_n + 1) // 2 and r_low > 0) + min(metric_value) filter (r_low_up_to >= r_low_n // 2 + 1 and r_low > 0)) / 2 as r_low,
    (min(metric_value) filter (r_not_low_up_to >= (r_not_low_n + 1) // 2 and r_not_low > 0) + min(metric_value) filter (r_not_low_up_to >= r_not_low_n // 2 + 1 and r_not_low > 0)) / 2 as r_not_low,
    (min(metric_value) filter (w_low_up_to >= (w_low_n + 1) // 2 and w_low > 0) + min(metric_value) filter (w_low_up_to >= w_low_n // 2 + 1 and w_low > 0)) / 2 as w_low,
    (min(metric_value) filter (w_not_low_up_to >= (w_not_low_n + 1) // 2 and w_not_low > 0) + min(metric_value) filter (w_not_low_up_to >= w_not_low_n // 2 + 1 and w_not_low > 0)) / 2 as w_not_low,
    (min(metric_value) filter (everyone_up_to >= (everyone_n + 1) // 2 and everyone > 0) + min(metric_value) filter (everyone_up_to >= everyone_n // 2 + 1 and everyone > 0)) / 2 as everyone
from running
group by metric;

insert into medians
select
    'annual_revenue',
    quantile_cont(annual_revenue, 0.5) filter (r_score < 50000000),
    quantile_cont(annual_revenue, 0.5) filter (r_score >= 50000000),
    quantile_cont(annual_revenue, 0.5) filter (w_score < 50000000),
    quantile_cont(annual_revenue, 0.5) filter (w_score >= 50000000),
    quantile_cont(annual_revenue, 0.5)
from scores;

insert into medians
select
    'total_won_amount',
    quantile_cont(total_won_amount, 0.5) filter (r_score < 50000000),
    quantile_cont(total_won_amount, 0.5) filter (r_score >= 50000000),
    quantile_cont(total_won_amount, 0.5) filter (w_score < 50000000),
    quantile_cont(total_won_amount, 0.5) filter (w_score >= 50000000),
    quantile_cont(total_won_amount, 0.5)
from scores;

insert into medians
select
    'current_pipeline_amount',
    quantile_cont(current_pipeline_amount, 0.5) filter (r_score < 50000000),
    quantile_cont(current_pipeline_amount, 0.5) filter (r_score >= 50000000),
    quantile_cont(current_pipeline_amount, 0.5) filter (w_score < 50000000),
    quantile_cont(current_pipeline_amount, 0.5) filter (w_score >= 50000000),
    quantile_cont(current_pipeline_amount, 0.5)
from scores;

create or replace temp table score_medians as
select quantile_cont(r_score, 0.5) as r, quantile_cont(w_score, 0.5) as w from scores;

-- 8. The aggregate marts, from the few hundred rows of the cube.
create or replace temp table by_policy as
select
    'run_rate' as policy, industry, account_size_segment, r_band as health_band, r_tier as tier, n, r_n as scored_n,
    r_forecast_n as forecast_n, r_sum as score_sum, r_min as score_min, r_max as score_max, r_total as total,
    r_total::double as y, r_yy as yy, r_xy as xy, a, b, c, r as d, aa, bb, cc, rr as dd, ab, ac, ar as ad, bc, br as bd, cr as cd,
    days_since_last_activity_n, days_since_last_activity_total, total_activities_30d_n, total_activities_30d_total, total_contacts_n, total_contacts_total, contacts_with_email_n, contacts_with_email_total, contact_email_coverage_n, contact_email_coverage_total, annual_revenue_n, annual_revenue_total, total_won_amount_n, total_won_amount_total, current_pipeline_amount_n, current_pipeline_amount_total, win_rate_percentage_n, win_rate_percentage_total, number_of_employees_n, number_of_employees_total, account_age_days_n, account_age_days_total
from cube
union all
select
    'win_probability' as policy, industry, account_size_segment, w_band as health_band, w_tier as tier, n, w_n as scored_n,
    w_forecast_n as forecast_n, w_sum as score_sum, w_min as score_min, w_max as score_max, w_total as total,
    w_total::double as y, w_yy as yy, w_xy as xy, a, b, c, w as d, aa, bb, cc, ww as dd, ab, ac, aw as ad, bc, bw as bd, cw as cd,
    days_since_last_activity_n, days_since_last_activity_total, total_activities_30d_n, total_activities_30d_total, total_contacts_n, total_contacts_total, contacts_with_email_n, contacts_with_email_total, contact_email_coverage_n, contact_email_coverage_total, annual_revenue_n, annual_revenue_total, total_won_amount_n, total_won_amount_total, current_pipeline_amount_n, current_pipeline_amount_total, win_rate_percentage_n, win_rate_percentage_total, number_of_employees_n, number_of_employees_total, account_age_days_n, account_age_days_total
from cube;

create or replace macro level(rate) as
    case
        when rate is null then 'Unscored' when rate >= 0.70 then 'High' when rate >= 0.40 then 'Elevated'
        when rate >= 0.20 then 'Watch' else 'Stable'
    end;
create or replace macro wilson(x, n, side) as
    cast(
        case
            when n = 0 then null when side < 0 and x = 0 then 0 when side > 0 and x = n then 1
            else (x / n + 1.959964::double ** 2 / (2 * n)
                + side * 1.959964::double * sqrt(x / n * (1 - x / n) / n + 1.959964::double ** 2 / (4 * n::double * n)))
                / (1 + 1.959964::double ** 2 / n)
        end as decimal(9, 6)
    );
create or replace macro risk_rank(risk_level) as list_position(['High', 'Elevated', 'Watch', 'Stable', 'Unscored'], risk_level);

create or replace table marts.risk_matrix as
with counted as (
    select
        policy, industry, account_size_segment,
        sum(n)::bigint as account_count,
        sum(scored_n)::bigint as scored_count,
        coalesce(sum(n) filter (health_band = 'Low'), 0)::bigint as low_health_count,
        known_total(sum(total) filter (health_band = 'Low'), coalesce(sum(n) filter (health_band = 'Low'), 0))::decimal(38, 6)
            as low_health_predicted_revenue
    from by_policy
    group by all
)

select
    policy, industry, account_size_segment, account_count, scored_count, low_health_count,
    share(low_health_count, scored_count) as low_health_rate,
    wilson(low_health_count, scored_count, -1) as low_health_rate_lower,
    wilson(low_health_count, scored_count, 1) as low_health_rate_upper,
    low_health_predicted_revenue,
    scored_count < 30 as is_small_sample,
    level(share(low_health_count, scored_count)) as risk_level,
    row_number() over (
        partition by policy
        order by risk_rank(level(share(low_health_count, scored_count))), low_health_count desc, industry, account_size_segment
    ) as priority_rank
from counted;

create or replace table marts.risk_by_industry as
with counted as (
    select
        policy, industry,
        sum(n)::bigint as account_count,
        sum(scored_n)::bigint as scored_count,
        coalesce(sum(n) filter (health_band = 'Low'), 0)::bigint as low_health_count,
        known_total(sum(total) filter (health_band = 'Low'), coalesce(sum(n) filter (health_band = 'Low'), 0))::decimal(38, 6)
            as low_health_predicted_revenue
    from by_policy
    group by all
)

select
    policy, industry, account_count, scored_count, low_health_count,
    share(low_health_count, scored_count) as low_health_rate,
    wilson(low_health_count, scored_count, -1) as low_health_rate_lower,
    wilson(low_health_count, scored_count, 1) as low_health_rate_upper,
    low_health_predicted_revenue,
    scored_count < 30 as is_small_sample,
    level(share(low_health_count, scored_count)) as risk_level,
    row_number() over (
        partition by policy
        order by risk_rank(level(share(low_health_count, scored_count))), low_health_count desc, industry
    ) as priority_rank
from counted;

create or replace table marts.band_by_tier as
select
    policy, health_band, tier as contribution_tier,
    sum(n)::bigint as account_count,
    known_total(sum(total), sum(n))::decimal(38, 6) as predicted_6m_revenue_total
from by_policy
group by all;

create or replace table marts.contribution_tiers as
with bounds_of_tiers as (
    select 'run_rate' as policy, unnest(['A', 'B', 'C', 'D']) as tier, unnest([r_75, r_50, r_25, null]) as lower_bound from cut_offs
    union all
    select 'win_probability', unnest(['A', 'B', 'C']), unnest([w_75, w_25, null]) from cut_offs
),

summed as (
    select
        policy, tier, sum(n) as n, sum(forecast_n) as forecast_n, sum(total) as total,
        sum(scored_n) as scored_n, sum(score_sum) as score_sum
    from by_policy
    group by all
)

select
    policy, tier, lower_bound,
    coalesce(n, 0)::bigint as account_count,
    known_total(total, coalesce(n, 0))::decimal(38, 6) as total,
    mean(total, forecast_n) as mean,
    share(known_total(total, coalesce(n, 0)), sum(total) over (partition by policy)) as share,
    mean(score_sum / 1000000::decimal(7, 0), scored_n)::decimal(9, 6) as mean_health
from bounds_of_tiers full join summed using (policy, tier);

create or replace table marts.health_bands as
with bands as (
    select unnest(['run_rate', 'win_probability']) as policy
),

ladder as (
    select policy, unnest(['High', 'Medium', 'Low', 'Unscored']) as health_band, unnest([1, 2, 3, 4]) as position,
        unnest([80, 50, 0, null])::decimal(9, 6) as at_least
    from bands
),

summed as (
    select policy, health_band, sum(n) as n, sum(total) as total from by_policy
    group by all
)

select
    policy, health_band, position, at_least,
    coalesce(n, 0)::bigint as account_count,
    share(coalesce(n, 0), sum(n) over (partition by policy)) as account_share,
    known_total(total, coalesce(n, 0))::decimal(38, 6) as predicted_6m_revenue_total
from ladder left join summed using (policy, health_band);

create or replace table marts.policy_agreement as
select
    'run_rate' as policy_a, 'win_probability' as policy_b, r_band as band_a, w_band as band_b,
    sum(n)::bigint as account_count,
    known_total(sum(r_total), sum(n))::decimal(38, 6) as predicted_6m_revenue_a,
    known_total(sum(w_total), sum(n))::decimal(38, 6) as predicted_6m_revenue_b
from cube
group by all;

create or replace table marts.health_forecast_summary as
with summed as (
    select
        policy,
        sum(n) as n,
        sum(scored_n) as scored_n,
        sum(score_sum) as score_sum,
        min(score_min) as score_min,
        max(score_max) as score_max,
        sum(total) as total,
        coalesce(sum(n) filter (health_band = 'Low'), 0) as low_n,
        coalesce(sum(n) filter (health_band = 'Low' and tier = 'A'), 0) as low_top_n,
        sum(forecast_n) as k,
        sum(a + b + c + d) filter (tier <> 'Unscored') as x,
        sum(aa + bb + cc + dd + 2 * (ab + ac + ad + bc + bd + cd)) filter (tier <> 'Unscored') as xx,
        sum(y) as y,
        sum(yy) as yy,
        sum(xy) / 1e6 as xy
    from by_policy
    group by all
)

select
    policy,
    n::bigint as account_count,
    scored_n::bigint as scored_count,
    (n - scored_n)::bigint as unscored_count,
    mean(score_sum / 1000000::decimal(7, 0), scored_n)::decimal(9, 6) as mean_health_score,
    points(floor(case policy when 'run_rate' then r else w end + 0.5)) as median_health_score,
    points(score_min) as min_health_score,
    points(score_max) as max_health_score,
    low_n::bigint as low_health_count,
    low_top_n::bigint as low_health_top_tier_count,
    known_total(total, n)::decimal(38, 6) as predicted_6m_revenue_total,
    cast((k * xy - x * y) / nullif(sqrt((k * xx - x * x) * (k * yy - y * y)), 0) as decimal(9, 6)) as health_forecast_correlation
from summed cross join score_medians;

create or replace table marts.dimension_importance as
with summed as (
    select
        policy, sum(scored_n) as n,
        sum(a) as a, sum(b) as b, sum(c) as c, sum(d) as d, sum(aa) as aa, sum(bb) as bb, sum(cc) as cc, sum(dd) as dd,
        sum(ab) as ab, sum(ac) as ac, sum(ad) as ad, sum(bc) as bc, sum(bd) as bd, sum(cd) as cd
    from by_policy
    where health_band <> 'Unscored'
    group by all
),

spread as (
    select
        policy, n,
        unnest(['activity', 'contact_quality', 'business_value', 'account_scale']) as dimension,
        unnest([0.4, 0.3, 0.2, 0.1]) as nominal_weight,
        unnest([n * aa - a * a, n * bb - b * b, n * cc - c * c, n * dd - d * d]) as own,
        unnest([
            n * (aa + ab + ac + ad) - a * (a + b + c + d), n * (ab + bb + bc + bd) - b * (a + b + c + d),
            n * (ac + bc + cc + cd) - c * (a + b + c + d), n * (ad + bd + cd + dd) - d * (a + b + c + d)
        ]) as with_score,
        n * (aa + bb + cc + dd + 2 * (ab + ac + ad + bc + bd + cd)) - (a + b + c + d) ** 2 as score_spread
    from summed
)

select
    policy, dimension,
    nominal_weight::decimal(9, 6) as nominal_weight,
    cast(sqrt(greatest(own, 0)) / n as decimal(9, 6)) as contribution_sd,
    cast(with_score / nullif(score_spread, 0) as decimal(9, 6)) as variance_share
from spread;

create or replace table marts.low_health_profile as
with metric_sums as (
    select policy, case when health_band = 'Low' then 'low' else 'not_low' end as cohort, 'days_since_last_activity' as metric, sum(days_since_last_activity_n) as n, sum(days_since_last_activity_total)::decimal(38, 6) as total
    from by_policy where health_band <> 'Unscored' group by all
    union all
    select policy, 'all', 'days_since_last_activity', sum(days_since_last_activity_n), sum(days_since_last_activity_total)
    from by_policy group by all
    union all
    select policy, case when health_band = 'Low' then 'low' else 'not_low' end as cohort, 'total_activities_30d' as metric, sum(total_activities_30d_n) as n, sum(total_activities_30d_total)::decimal(38, 6) as total
    from by_policy where health_band <> 'Unscored' group by all
    union all
    select policy, 'all', 'total_activities_30d', sum(total_activities_30d_n), sum(total_activities_30d_total)
    from by_policy group by all
    union all
    select policy, case when health_band = 'Low' then 'low' else 'not_low' end as cohort, 'total_contacts' as metric, sum(total_contacts_n) as n, sum(total_contacts_total)::decimal(38, 6) as total
    from by_policy where health_band <> 'Unscored' group by all
    union all
    select policy, 'all', 'total_contacts', sum(total_contacts_n), sum(total_contacts_total)
    from by_policy group by all
    union all
    select policy, case when health_band = 'Low' then 'low' else 'not_low' end as cohort, 'contacts_with_email' as metric, sum(contacts_with_email_n) as n, sum(contacts_with_email_total)::decimal(38, 6) as total
    from by_policy where health_band <> 'Unscored' group by all
    union all
    select policy, 'all', 'contacts_with_email', sum(contacts_with_email_n), sum(contacts_with_email_total)
    from by_policy group by all
    union all
    select policy, case when health_band = 'Low' then 'low' else 'not_low' end as cohort, 'contact_email_coverage' as metric, sum(contact_email_coverage_n) as n, sum(contact_email_coverage_total)::decimal(38, 6) as total
    from by_policy where health_band <> 'Unscored' group by all
    union all
    select policy, 'all', 'contact_email_coverage', sum(contact_email_coverage_n), sum(contact_email_coverage_total)
    from by_policy group by all
    union all
    select policy, case when health_band = 'Low' then 'low' else 'not_low' end as cohort, 'annual_revenue' as metric, sum(annual_revenue_n) as n, sum(annual_revenue_total)::decimal(38, 6) as total
    from by_policy where health_band <> 'Unscored' group by all
    union all
    select policy, 'all', 'annual_revenue', sum(annual_revenue_n), sum(annual_revenue_total)
    from by_policy group by all
    union all
    select policy, case when health_band = 'Low' then 'low' else 'not_low' end as cohort, 'total_won_amount' as metric, sum(total_won_amount_n) as n, sum(total_won_amount_total)::decimal(38, 6) as total
    from by_policy where health_band <> 'Unscored' group by all
    union all
    select policy, 'all', 'total_won_amount', sum(total_won_amount_n), sum(total_won_amount_total)
    from by_policy group by all
    union all
    select policy, case when health_band = 'Low' then 'low' else 'not_low' end as cohort, 'current_pipeline_amount' as metric, sum(current_pipeline_amount_n) as n, sum(current_pipeline_amount_total)::decimal(38, 6) as total
    from by_policy where health_band <> 'Unscored' group by all
    union all
    select policy, 'all', 'current_pipeline_amount', sum(current_pipeline_amount_n), sum(current_pipeline_amount_total)
    from by_policy group by all
    union all
    select policy, case when health_band = 'Low' then 'low' else 'not_low' end as cohort, 'win_rate_percentage' as metric, sum(win_rate_percentage_n) as n, sum(win_rate_percentage_total)::decimal(38, 6) as total
    from by_policy where health_band <> 'Unscored' group by all
    union all
    select policy, 'all', 'win_rate_percentage', sum(win_rate_percentage_n), sum(win_rate_percentage_total)
    from by_policy group by all
    union all
    select policy, case when health_band = 'Low' then 'low' else 'not_low' end as cohort, 'number_of_employees' as metric, sum(number_of_employees_n) as n, sum(number_of_employees_total)::decimal(38, 6) as total
    from by_policy where health_band <> 'Unscored' group by all
    union all
    select policy, 'all', 'number_of_employees', sum(number_of_employees_n), sum(number_of_employees_total)
    from by_policy group by all
    union all
    select policy, case when health_band = 'Low' then 'low' else 'not_low' end as cohort, 'account_age_days' as metric, sum(account_age_days_n) as n, sum(account_age_days_total)::decimal(38, 6) as total
    from by_policy where health_band <> 'Unscored' group by all
    union all
    select policy, 'all', 'account_age_days', sum(account_age_days_n), sum(account_age_days_total)
    from by_policy group by all
),

averaged as (
    select policy, metric, cohort, n, mean(total, n) as mean from metric_sums
),

named as (
    select metric, 'run_rate' as policy, unnest(['low', 'not_low', 'all']) as cohort, unnest([r_low, r_not_low, everyone]) as median from medians
    union all
    select metric, 'win_probability', unnest(['low', 'not_low', 'all']), unnest([w_low, w_not_low, everyone]) from medians
),

joined as (
    select
        policy, metric, cohort, coalesce(n, 0)::bigint as account_count, mean, median,
        max(mean) filter (cohort = 'all') over (partition by policy, metric) as mean_of_all
    from named left join averaged using (policy, metric, cohort)
)

select
    policy, metric, cohort, account_count, mean, median,
    (mean - mean_of_all)::decimal(28, 6) as difference_from_all,
    cast((mean - mean_of_all)::double / nullif(mean_of_all::double, 0) as decimal(28, 6)) as relative_difference_from_all
from joined;

create or replace table marts.kpi_attainment as
with totals as (
    select
        sum(total_activities_30d_n) as n_1, sum(activity_frequency) as x_1,
        sum(days_since_last_activity_n) as n_2, sum(activity_recency) as x_2,
        sum(contact_email_coverage_n) as n_3, sum(email_coverage) as x_3,
        sum(pipeline_to_won_n) as n_4, sum(pipeline_to_won) as x_4,
        sum(win_rate_percentage_n) as n_5, sum(win_rate_in_industry) as x_5
    from cube
),

kpis as (
    select * from totals cross join (
        values
        ('activity_frequency', 'Activities in 30 days', 'total_activities_30d', '>=', 5, 'fixed', 'activities', 1),
        ('activity_recency', 'Days since the last activity', 'days_since_last_activity', '<=', 14, 'fixed', 'days', 2),
        ('email_coverage', 'Contact e-mail coverage', 'contact_email_coverage', '>=', 0.8, 'fixed', 'share', 3),
        ('pipeline_to_won', 'Pipeline against won amount', 'pipeline_to_won', '>=', 0.5, 'fixed', 'ratio', 4),
        ('win_rate_in_industry', 'Win rate against the industry', 'win_rate_percentage', '>=', null, 'industry_median', 'percent', 5),
        ('key_roles_covered', 'Key roles covered', 'key_roles_covered', '>=', 3, 'no_source', 'roles', 6),
        ('multi_threading', 'Multi-threading', 'multi_threading', '>=', 0.7, 'no_source', 'share', 6),
        ('qbr_attendance', 'Attendance of quarterly business reviews', 'qbr_attendance', '>=', 0.8, 'no_source', 'share', 6)
    ) as listed (kpi_id, kpi, metric, comparison, threshold, threshold_kind, unit, i)
)

select
    kpi_id, kpi, metric, comparison, threshold::decimal(9, 6) as threshold, threshold_kind, unit,
    coalesce([n_1, n_2, n_3, n_4, n_5][i], 0)::bigint as measured_count,
    case when i < 6 then coalesce([x_1, x_2, x_3, x_4, x_5][i], 0) end::bigint as attained_count,
    share([x_1, x_2, x_3, x_4, x_5][i], [n_1, n_2, n_3, n_4, n_5][i]) as attainment_rate,
    case when coalesce([n_1, n_2, n_3, n_4, n_5][i], 0) > 0 then 'measured' else 'no data' end as status
from kpis;
