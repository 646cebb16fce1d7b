with spells as (
    select * from {{ ref('int_customer_spells') }}
),

as_of as (
    select * from {{ ref('int_as_of_date') }}
),

spans as (
    select
        spells.basis,
        as_of.as_of_date,
        min(spells.started_on) as first_active_on
    from spells
    cross join as_of
    group by spells.basis, as_of.as_of_date
),

{{ periods_of_spans(bases_by_grain()) }}

select * from periods
