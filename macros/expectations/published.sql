{#- What the expectations about marts look at, as a BI tool would: the ranges of rates over all rows, and the headline
    of each period in total. -#}
{% macro published_facts() %}
    {% set marts = {} %}
    {% for mart, wanted in published_columns().items() %}
        {% set relation = relation_of(mart) %}
        {% if relation is not none %}
            {% do marts.update({mart: {
                'ranges': facts_of_query(published_ranges(wanted, relation)),
                'series': facts_of_query(published_series(wanted, relation)) if wanted.get('series') else [],
            }}) %}
        {% endif %}
    {% endfor %}
    {% do say_facts({'marts': marts, 'columns': published_columns(), 'limits': policy('expectations')}) %}
{% endmacro %}


{#- Per mart: the columns whose range is looked at, and those whose history is; `needs` is what a rate divides by. -#}
{% macro published_columns() %}
    {{ return({
        'retention_by_period': {
            'ranges': ['customer_churn_rate', 'retention_rate', 'gross_churn_rate', 'net_churn_rate', 'event_churn_rate', 'closing_customers'],
            'basis': 'basis',
            'series': {'customer_churn_rate': 'opening_customers', 'retention_rate': 'opening_customers', 'closing_customers': none},
        },
        'mrr_by_period': {
            'ranges': ['grr', 'nrr', 'mrr_churn_rate', 'closing_mrr'],
            'series': {'closing_mrr': none, 'grr': 'opening_mrr', 'nrr': 'opening_mrr'},
        },
        'repeat_purchase_by_period': {
            'ranges': ['repeat_purchase_rate', 'in_period_repeat_rate', 'returning_purchaser_rate', 'orders'],
            'series': {'orders': none, 'average_order_value': 'gross_revenue', 'repeat_purchase_rate': 'customers_to_date'},
        },
        'cohort_retention': {'ranges': ['active_rate', 'ordering_rate', 'ordering_or_later_rate']},
        'mrr_cohorts': {'ranges': ['mrr_retention_rate']},
        'customer_lifetime_value': {'ranges': ['probability_alive', 'predicted_future_value']},
    }) }}
{% endmacro %}


{% macro published_ranges(wanted, relation) -%}
    select {{ fact('rows', 'null', 'null', 'count(*)') }} from {{ relation }}
    {%- for column in wanted['ranges'] %}
    union all
    select {{ fact('least', text_literal(column), 'null', 'min(' ~ column ~ ')') }} from {{ relation }}
    union all
    select {{ fact('most', text_literal(column), 'null', 'max(' ~ column ~ ')') }} from {{ relation }}
    {%- endfor %}
{%- endmacro %}


{#- One row per period in total: basis, grain, first and last day, whether it is complete, and per column of the series
    its value and whether it should have one. -#}
{% macro published_series(wanted, relation) -%}
    select
        {{ wanted.get('basis') or "'all'" }} as basis,
        period_grain,
        cast(period_start as {{ dbt.type_string() }}) as period_start,
        cast(period_end as {{ dbt.type_string() }}) as period_end,
        case when period_status = 'complete' then 'yes' else 'no' end as is_complete
        {%- for column, needs in wanted['series'].items() %},
        {{ number_as_text(column) }} as {{ column }},
        {{ "case when " ~ needs ~ " > 0 then 'yes' else 'no' end" if needs else "'yes'" }} as {{ column }}_is_due
        {%- endfor %}
    from {{ relation }}
    where segment_dimension = 'all'
    order by basis, period_grain, period_start
{%- endmacro %}
