{%- set features = ['intercept'] + risk_signals().values() | map(attribute='column') | list + risk_measures() -%}

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

-- Weights of other data or another policy are none.
weights as (
    select
        {%- for feature in features %}
        max(case when fitted.feature = '{{ feature }}' then fitted.weight end) as weight_{{ feature }},
        {%- endfor %}
        count(*) as weights
    from fitted
    inner join risk_state on risk_state.risk_note is null
),

weighed as (
    select
        signals.customer_id,
        {{ risk_log_odds() }} as log_odds
    from signals
    cross join weights
),

final as (
    select
        customer_id,
        cast(1 / (1 + exp(-log_odds)) as decimal(28, 6)) as risk_score
    from weighed
)

select * from final
