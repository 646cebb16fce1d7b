-- A share of customers lies between 0 and 1 and within its interval; where one of the three is null, all are.
with metric_values as (
    select * from {{ ref('metric_values') }}
    where metric in ({{ text_list(metric_catalogue() | selectattr('is_proportion') | map(attribute='name') | list) }})
)

select * from metric_values
where
    (value is null) <> (lower_95 is null)
    or (value is null) <> (upper_95 is null)
    or value < lower_95
    or value > upper_95
    or lower_95 < 0
    or upper_95 > 1
