with signals as (
    select * from {{ ref('int_risk_signals') }}
    where has_left is not null
),

risk_state as (
    select * from {{ ref('int_risk_state') }}
),

tested as (
    select * from {{ ref('risk_backtest') }}
),

months as (
    select
        snapshot_on,
        count(*) as customers,
        count(case when has_left then 1 end) as left_customers
    from signals
    group by snapshot_on
),

-- A test of other data or another policy is none.
joined as (
    select
        months.*,
        risk_state.as_of_date,
        coalesce(risk_state.risk_note, tested.message) as note,
        tested.trained_through_on,
        tested.trained_snapshots,
        tested.tested_customers,
        tested.tested_left,
        tested.top_customers,
        tested.predicted_left,
        tested.score_top_left,
        tested.silent_days_top_left,
        tested.alive_top_left,
        tested.purchases_top_left,
        tested.score_auc,
        tested.silent_days_auc,
        tested.alive_auc,
        tested.purchases_auc
    from months
    cross join risk_state
    left join tested
        on months.snapshot_on = tested.snapshot_on
        and risk_state.risk_note is null
),

rated as (
    select
        *,
        {{ safe_divide('left_customers', 'customers') }} as left_share,
        {{ safe_divide('predicted_left', 'tested_customers') }} as predicted_share,
        {{ safe_divide('score_top_left', 'top_customers') }} as score_precision,
        {{ safe_divide('silent_days_top_left', 'top_customers') }} as silent_days_precision,
        {{ safe_divide('alive_top_left', 'top_customers') }} as alive_precision,
        {{ safe_divide('purchases_top_left', 'top_customers') }} as expected_purchases_precision,
        {{ safe_divide('score_top_left * tested_customers', 'top_customers * tested_left') }} as score_lift,
        {{ safe_divide('silent_days_top_left * tested_customers', 'top_customers * tested_left') }} as silent_days_lift,
        {{ safe_divide('alive_top_left * tested_customers', 'top_customers * tested_left') }} as alive_lift,
        {{ safe_divide('purchases_top_left * tested_customers', 'top_customers * tested_left') }} as expected_purchases_lift
    from joined
),

-- Who only equals a simpler rule does not win.
final as (
    select
        snapshot_on,
        note,
        {#- By chance a lift is 1, and an area under the curve a half. #}
        {%- for measure, chance, expected in [('lift', 1, 'expected_purchases_lift'), ('auc', 0.5, 'purchases_auc')] %}
        case
            when score_{{ measure }} is null then null
            when
                score_{{ measure }} > coalesce(silent_days_{{ measure }}, {{ chance }})
                and score_{{ measure }} > coalesce(alive_{{ measure }}, {{ chance }})
                and score_{{ measure }} > coalesce({{ expected }}, {{ chance }}) then 'score'
            when silent_days_{{ measure }} is null then 'nobody'
            when alive_{{ measure }} > silent_days_{{ measure }} and alive_{{ measure }} >= coalesce({{ expected }}, {{ chance }})
                then 'probability_alive'
            when {{ expected }} > silent_days_{{ measure }} then 'expected_purchases'
            else 'days_since_last_order'
        end as best_by_{{ measure }},
        {%- endfor %}
        customers,
        left_customers,
        trained_snapshots,
        tested_customers,
        top_customers,
        left_share,
        predicted_share,
        score_precision,
        silent_days_precision,
        alive_precision,
        expected_purchases_precision,
        score_lift,
        silent_days_lift,
        alive_lift,
        expected_purchases_lift,
        cast(score_auc as decimal(28, 6)) as score_auc,
        cast(silent_days_auc as decimal(28, 6)) as silent_days_auc,
        cast(alive_auc as decimal(28, 6)) as alive_auc,
        cast(purchases_auc as decimal(28, 6)) as expected_purchases_auc,
        trained_through_on,
        as_of_date,
        {{ policy_version_column() }}
    from rated
)

select * from final
