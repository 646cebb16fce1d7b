-- How many months does it take until a new customer has paid back what it cost to win one, by channel?
-- Put your own spending of the twelve months into `spending`; the figures here are invented.
with spending as (
    select
        'paid_search' as acquisition_channel,
        24000.00 as spent
    union all
    select
        'social' as acquisition_channel,
        15000.00 as spent
),

mrr_by_period as (
    select * from {{ ref('mrr_by_period') }}
    where period_grain = 'month' and segment_dimension = 'acquisition_channel'
),

latest as (
    select distinct period_start
    from mrr_by_period
    where is_latest_complete_period
),

channels as (
    select
        mrr_by_period.segment_value as acquisition_channel,
        sum(mrr_by_period.acquired_customers) as acquired_customers,
        sum(mrr_by_period.new_customers) as new_customers,
        sum(mrr_by_period.new_mrr) as new_mrr
    from mrr_by_period
    inner join latest
        on mrr_by_period.period_start <= latest.period_start
        and mrr_by_period.period_start > {{ add_periods('month', -12, 'latest.period_start') }}
    group by mrr_by_period.segment_value
),

final as (
    select
        channels.acquisition_channel,
        channels.acquired_customers,
        cast({{ safe_divide('spending.spent', 'channels.acquired_customers') }} as decimal(28, 2)) as cost_per_customer,
        cast({{ safe_divide('channels.new_mrr', 'channels.new_customers') }} as decimal(28, 2)) as average_new_mrr,
        cast(
            {{ safe_divide(
                'spending.spent * channels.new_customers',
                '(channels.acquired_customers * channels.new_mrr * ' ~ gross_margin() ~ ')'
            ) }} as decimal(18, 1)
        ) as months_to_earn_back
    from channels
    inner join spending on channels.acquisition_channel = spending.acquisition_channel
)

select * from final
order by months_to_earn_back
