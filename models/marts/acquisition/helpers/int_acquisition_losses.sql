{%- set cost = metrics_of('acquisition_cost_by_period') | selectattr('name', 'equalto', 'customer_acquisition_cost') | first -%}

with flows as (
    select * from {{ ref('int_acquisition_flows') }}
    where has_left
),

spend as (
    select * from {{ ref('int_acquisition_periods') }}
),

-- The formula of the mart, from the catalogue.
periods as (
    select
        basis,
        period_grain,
        period_start,
        segment_dimension,
        segment_value,
        {{ rate_value(cost) }} as customer_acquisition_cost
    from spend
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

customers as (
    select
        flows.basis,
        flows.customer_id,
        flows.acquisition_channel,
        flows.acquired_on,
        {{ earned_times_365('sum(flows.amount)', 'sum(flows.mrr_change)', 'sum(flows.mrr_days_before)', 'as_of.as_of_date') }}
            as earned_times_365
    from flows
    cross join as_of
    group by flows.basis, flows.customer_id, flows.acquisition_channel, flows.acquired_on, as_of.as_of_date
),

earned as (
    select
        basis,
        customer_id,
        acquisition_channel,
        acquired_on,
        {{ exact_quotient(gross_margin() ~ ' * earned_times_365', '365') }} as margin
    from customers
),

in_grains as (
    {%- for grain in policy('period_grains') %}
    select
        basis,
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'acquired_on') }} as period_start,
        acquisition_channel,
        case when margin > 0 then margin when margin <= 0 then 0 end as margin
    from earned
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- Where a customer has paid back more than the cost, nothing is lost.
losses as (
    select
        periods.basis,
        periods.period_grain,
        periods.period_start,
        periods.segment_dimension,
        periods.segment_value,
        count(*) as left_customers,
        count(case when in_grains.margin < periods.customer_acquisition_cost then 1 end) as unrecovered_customers,
        sum(
            case
                when in_grains.margin < periods.customer_acquisition_cost
                    then periods.customer_acquisition_cost - in_grains.margin
                when in_grains.margin is not null then 0
            end
        ) as unrecovered_cost
    from periods
    inner join in_grains
        on periods.basis = in_grains.basis
        and periods.period_grain = in_grains.period_grain
        and periods.period_start = in_grains.period_start
        and (periods.segment_dimension = 'all' or periods.segment_value = in_grains.acquisition_channel)
    where periods.customer_acquisition_cost is not null
    group by
        periods.basis,
        periods.period_grain,
        periods.period_start,
        periods.segment_dimension,
        periods.segment_value
)

select * from losses
