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
    select * from {{ source('predictions', 'lifetime_parameters') }}
),

purchases as (
    select
        coalesce(sum(customers), 0) as customers,
        coalesce(sum(customers * frequency), 0) as purchases,
        coalesce(sum(customers * recency_days * (frequency + 1)), 0) as recency,
        coalesce(sum(customers * age_days), 0) as age
    from rows_known
),

spend as (
    select coalesce(sum(customers * repeat_net_revenue), 0) as repeat_net_revenue
    from spend_known
),

-- Tells whether the parameters were fitted on the data that stands here.
current_data as (
    select
        as_of.as_of_date,
        {{ policy_version_column() }},
        {% for total in ['purchases.customers', 'purchases.purchases', 'purchases.recency', 'purchases.age', 'spend.repeat_net_revenue'] -%}
        cast({{ total }} as {{ dbt.type_string() }}){{ " || '/' || " if not loop.last }}
        {%- endfor %} as fingerprint
    from as_of
    cross join purchases
    cross join spend
),

judged as (
    select
        current_data.as_of_date,
        current_data.policy_version,
        current_data.fingerprint,
        parameters.p,
        parameters.q,
        parameters.v,
        case
            when parameters.as_of_date is null then 'There are no predictions yet: run `make predict`.'
            when
                parameters.as_of_date <> current_data.as_of_date
                or parameters.policy_version <> current_data.policy_version
                or parameters.fingerprint <> current_data.fingerprint
                then 'The predictions are of other data (through ' || cast(parameters.as_of_date as {{ dbt.type_string() }})
                || ') or another policy (' || parameters.policy_version || '): run `make predict`.'
            when not parameters.purchase_converged then parameters.purchase_message
        end as purchase_note,
        case when not parameters.spend_converged then parameters.spend_message end as spend_note
    from current_data
    left join parameters on 1 = 1
)

select
    as_of_date,
    policy_version,
    fingerprint,
    p,
    q,
    v,
    purchase_note,
    coalesce(purchase_note, spend_note) as value_note
from judged
