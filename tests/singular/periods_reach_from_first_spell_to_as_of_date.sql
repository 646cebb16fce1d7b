-- Identity 0: per basis and grain, the periods run from the one of the first spell to the one with
-- as_of_date, counted without the calendar that made them.
with spells as (
    select
        basis,
        min(started_on) as first_active_on
    from {{ ref('int_customer_spells') }}
    group by basis
),

periods as (
    select
        basis,
        period_grain,
        min(period_start) as first_start,
        min(period_end) as first_end,
        max(period_start) as last_start,
        max(period_end) as last_end
    from {{ ref('int_periods') }}
    group by basis, period_grain
)

select periods.*
from periods
inner join spells on periods.basis = spells.basis
cross join {{ ref('int_as_of_date') }} as as_of
where
    spells.first_active_on < periods.first_start
    or spells.first_active_on > periods.first_end
    or as_of.as_of_date < periods.last_start
    or as_of.as_of_date > periods.last_end
