{%- set totals = [
    'purchases.customers', 'purchases.purchases', 'purchases.recency', 'purchases.age', 'spend.repeat_net_revenue',
] -%}

with rows_known as (
    select * from {{ ref('int_lifetime_rows') }}
),

spend_known as (
    select * from {{ ref('int_lifetime_spend') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

parameters as (
    select * from {{ ref('lifetime_parameters') }}
),

purchases as (
    select
        coalesce(sum(customers), 0) as customers,
        coalesce(sum(customers * frequency), 0) as purchases,
        coalesce(sum(customers * purchase_span_days * (frequency + 1)), 0) as recency,
        coalesce(sum(customers * age_days), 0) as age
    from rows_known
),

spend as (
    select cast(coalesce(sum(customers * repeat_net_revenue), 0) as decimal(28, 2)) as repeat_net_revenue
    from spend_known
),

-- Tells whether the parameters were fitted on the data that stands here.
current_data as (
    select
        as_of.as_of_date,
        {{ policy_version_column() }},
        {% for total in totals -%}
        cast({{ total }} as {{ dbt.type_string() }}){{ " || '/' || " if not loop.last }}
        {%- endfor %} as fingerprint
    from as_of
    cross join purchases
    cross join spend
),

compared as (
    select
        parameters.*,
        parameters.as_of_date = current_data.as_of_date
        and parameters.policy_version = current_data.policy_version
        and parameters.fingerprint = current_data.fingerprint as is_current,
        'The predictions are of other data (through ' || cast(parameters.as_of_date as {{ dbt.type_string() }})
        || ') or another policy (' || parameters.policy_version || '): run `retention-ledger predict`.' as other_data_note
    from parameters
    cross join current_data
),

judged as (
    select
        current_data.as_of_date,
        current_data.policy_version,
        current_data.fingerprint,
        case
            when compared.as_of_date is null then 'There are no predictions yet: run `retention-ledger predict`.'
            when not compared.is_current then compared.other_data_note
            when not compared.purchase_converged then compared.purchase_message
        end as purchase_note,
        case when not compared.spend_converged then compared.spend_message end as spend_note
    from current_data
    left join compared on 1 = 1
),

final as (
    select
        as_of_date,
        policy_version,
        fingerprint,
        purchase_note,
        coalesce(purchase_note, spend_note) as value_note
    from judged
)

select * from final
