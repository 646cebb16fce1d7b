-- What does it cost to win a customer, by channel, and does it pay?
-- Customers won in the latest quarter that was over a year ago, so that the payback has had time to be seen. A channel without a
-- cost won nobody; one with a cost of 0 had no spend.
with acquisition_cost_by_period as (
    select * from {{ ref('acquisition_cost_by_period') }}
    where basis = '{{ headline_basis() }}' and period_grain = 'quarter' and spend_coverage = 'complete'
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

chosen as (
    select max(acquisition_cost_by_period.period_start) as period_start
    from acquisition_cost_by_period
    cross join as_of
    where {{ add_periods('year', 1, 'acquisition_cost_by_period.period_end') }} <= as_of.as_of_date
),

final as (
    select
        acquisition_cost_by_period.segment_value as acquisition_channel,
        acquisition_cost_by_period.acquisition_spend,
        acquisition_cost_by_period.acquired_customers,
        cast(acquisition_cost_by_period.customer_acquisition_cost as decimal(28, 2)) as customer_acquisition_cost,
        cast(acquisition_cost_by_period.lifetime_value as decimal(28, 2)) as lifetime_value,
        cast(acquisition_cost_by_period.ltv_to_cac_ratio as decimal(18, 1)) as ltv_to_cac,
        acquisition_cost_by_period.payback_months,
        acquisition_cost_by_period.payback_status,
        acquisition_cost_by_period.unrecovered_customers,
        acquisition_cost_by_period.unrecovered_acquisition_cost,
        acquisition_cost_by_period.period_start as quarter_start
    from acquisition_cost_by_period
    inner join chosen on acquisition_cost_by_period.period_start = chosen.period_start
)

select * from final
order by customer_acquisition_cost desc nulls last
