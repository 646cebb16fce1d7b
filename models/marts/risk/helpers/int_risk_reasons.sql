with signals as (
    select * from {{ ref('int_risk_signals') }}
    where is_today
),

risk_state as (
    select * from {{ ref('int_risk_state') }}
),

fitted as (
    select * from {{ ref('risk_fit') }}
),

-- In the order of the list, which decides where none weighs more.
spoken as (
    {%- for reason, signal in risk_signals().items() %}
    select
        {{ loop.index }} as reason_order,
        '{{ reason }}' as reason,
        '{{ signal.column }}' as signal,
        customer_id,
        {{ reason }}_on as reason_on
    from signals
    where {{ signal.column }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

numbered as (
    select
        spoken.*,
        count(*) over (partition by spoken.customer_id) as reasons,
        row_number() over (
            partition by spoken.customer_id
            order by coalesce(fitted.weight, 0) desc, spoken.reason_order asc
        ) as reason_number
    from spoken
    cross join risk_state
    left join fitted
        on spoken.signal = fitted.feature
        and risk_state.risk_note is null
),

main_reasons as (
    select
        customer_id,
        reason as main_reason,
        reasons,
        reason_on as main_reason_on
    from numbered
    where reason_number = 1
)

select * from main_reasons
