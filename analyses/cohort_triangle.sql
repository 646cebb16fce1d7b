-- Of the customers who first ordered in a month, what share ordered again 1, 2, ... 12 months later?
-- The triangle of classic retention; an empty cell has not been observed yet.
-- dbt show --select cohort_triangle --limit 60 --output json

with cohort_retention as (
    select * from {{ ref('cohort_retention') }}
    where segment_dimension = 'all' and basis = '{{ built_bases()[0] }}'
),

triangle as (
    select
        cohort_month,
        {%- for month in range(13) %}
        max(case when months_since = {{ month }} then ordering_rate end) as month_{{ month }},
        {%- endfor %}
        max(cohort_size) as cohort_size
    from cohort_retention
    group by cohort_month
)

select * from triangle
order by cohort_month
