{%- set totals = ['customers', 'left_customers', 'tenure_days', 'silent_days', 'recent_purchase_days', 'mrr'] -%}

with signals as (
    select * from {{ ref('int_risk_signals') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

fitted as (
    select
        max(as_of_date) as as_of_date,
        max(policy_version) as policy_version,
        max(fingerprint) as fingerprint,
        max(message) as message
    from {{ ref('risk_fit') }}
),

summed as (
    select
        count(case when has_left then 1 end) as left_customers,
        coalesce(sum(tenure_days), 0) as tenure_days,
        coalesce(sum(silent_days), 0) as silent_days,
        coalesce(sum(recent_purchase_days), 0) as recent_purchase_days,
        cast(coalesce(sum(mrr), 0) as decimal(28, 2)) as mrr,
        {%- for signal in risk_signals().values() %}
        count(case when {{ signal.column }} then 1 end) as {{ signal.column }},
        {%- endfor %}
        count(*) as customers
    from signals
),

-- Tells whether the weights were fitted on the data that stands here.
current_data as (
    select
        as_of.as_of_date,
        {{ policy_version_column() }},
        {% for total in totals + risk_signals().values() | map(attribute='column') | list -%}
        cast(summed.{{ total }} as {{ dbt.type_string() }}){{ " || '/' || " if not loop.last }}
        {%- endfor %} as fingerprint
    from as_of
    cross join summed
),

judged as (
    select
        current_data.as_of_date,
        current_data.policy_version,
        current_data.fingerprint,
        case
            when fitted.as_of_date is null then 'There are no scores yet: run `retention-ledger predict`.'
            when
                fitted.as_of_date <> current_data.as_of_date
                or fitted.policy_version <> current_data.policy_version
                or fitted.fingerprint <> current_data.fingerprint
                then
                    'The scores are of other data (through ' || cast(fitted.as_of_date as {{ dbt.type_string() }})
                    || ') or another policy (' || fitted.policy_version || '): run `retention-ledger predict`.'
            else fitted.message
        end as risk_note
    from current_data
    cross join fitted
)

select * from judged
