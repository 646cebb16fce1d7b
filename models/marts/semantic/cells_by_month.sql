{{- config(materialized='view', contract=contract_but_for_own('customers')) -}}

with cells as (
    select * from {{ ref('business_cells') }}
),

-- A semantic layer makes quarters and years of them by the common calendar. Under another one they would be wrong: no rows.
months as (
    select * from cells
    where period_grain = 'month' and {{ 'true' if months_make_common_years() else 'false' }}
)

select * from months
