{%- set numbers = {'fiscal_year': [1900, 2200], 'fiscal_quarter': [1, 4], 'fiscal_month': [1, 12], 'fiscal_week': [1, 54]} -%}

with base_calendar as (
    select * from {{ ref('base_calendar') }}
),

cleaned as (
    select
        raw_reject_reason,
        raw_record,
        calendar_date as raw_date,
        {%- for column in numbers %}
        {{ column }} as raw_{{ column }},
        {{ clean_text(column, 'calendar.' ~ column) }} as {{ column }}_text,
        {%- endfor %}
        {{ clean_text('calendar_date', 'calendar.calendar_date') }} as date_text
    from base_calendar
),

typed as (
    select
        *,
        {%- for column in numbers %}
        {{ parse_rate('raw_' ~ column, 'calendar.' ~ column, column ~ '_text') }} as {{ column }},
        {%- endfor %}
        fiscal_year_text || ' ' || coalesce(fiscal_quarter_text || ' ', '') || fiscal_month_text
        || coalesce(' ' || fiscal_week_text, '') as written,
        cast({{ parse_timestamp('raw_date', 'calendar.calendar_date', 'date_text') }} as date) as calendar_day
    from cleaned
),

checked as (
    select
        *,
        case
            when raw_reject_reason is not null then raw_reject_reason
            when calendar_day is null and date_text is null then 'missing_date'
            when calendar_day is null then 'unparsable_date'
            when fiscal_year_text is null or fiscal_month_text is null then 'missing_fiscal_period'
            {%- for column, bounds in numbers.items() %}
            when
                {{ column }}_text is not null
                and (
                    {{ column }} is null
                    or {{ column }} <> floor({{ column }})
                    or {{ column }} not between {{ bounds[0] }} and {{ bounds[1] }}
                )
                then 'not_a_fiscal_period'
            {%- endfor %}
        end as reject_reason
    from typed
),

final as (
    select
        calendar_day,
        {%- for column in numbers %}
        cast(case when reject_reason is null then {{ column }} end as {{ dbt.type_int() }}) as {{ column }},
        {%- endfor %}
        reject_reason,
        case reject_reason
            when 'unparsable_date' then {{ raw_text('raw_date') }}
            when 'not_a_fiscal_period' then written
        end as rejected_value,
        raw_record
    from checked
)

select * from final
