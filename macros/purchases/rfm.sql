{#- The ten segments by recency and frequency score. Each of the 25 cells is in exactly one; the CASE,
    and the list of segments that every slice shows, are made from here. -#}
{% macro rfm_segment_map() %}
    {{ return({
        'champions': {'recency_scores': [5], 'frequency_scores': [4, 5]},
        'loyal_customers': {'recency_scores': [3, 4], 'frequency_scores': [4, 5]},
        'potential_loyalists': {'recency_scores': [4, 5], 'frequency_scores': [2, 3]},
        'new_customers': {'recency_scores': [5], 'frequency_scores': [1]},
        'promising': {'recency_scores': [4], 'frequency_scores': [1]},
        'need_attention': {'recency_scores': [3], 'frequency_scores': [3]},
        'about_to_sleep': {'recency_scores': [3], 'frequency_scores': [1, 2]},
        'at_risk': {'recency_scores': [1, 2], 'frequency_scores': [3, 4]},
        'cannot_lose_them': {'recency_scores': [1, 2], 'frequency_scores': [5]},
        'hibernating': {'recency_scores': [1, 2], 'frequency_scores': [1, 2]},
    }) }}
{% endmacro %}


{% macro rfm_segment(recency_score, frequency_score) -%}
    case
        {%- for name, scores in rfm_segment_map().items() %}
        when {{ recency_score }} in ({{ scores.recency_scores | join(', ') }})
            and {{ frequency_score }} in ({{ scores.frequency_scores | join(', ') }}) then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}


{#- The score of each value of a measure: 1 + floor(5 * worse / n), n = all customers. Values are ranked
    and not customers: they are fewer, and equal ones cannot part. The floor is made of comparisons of
    whole numbers, because `/` on them gives a fraction on some warehouses and cuts it on others. -#}
{% macro quintile_scores(customers, measure, worst_first) -%}
    select
        {{ measure }},
        cast(case
            {%- for fifths in [4, 3, 2, 1] %}
            when 5 * (customers_to_here - customers_here) >= {{ fifths }} * all_customers then {{ fifths + 1 }}
            {%- endfor %}
            else 1
        end as {{ dbt.type_bigint() }}) as score
    from (
        select
            {{ measure }},
            count(*) as customers_here,
            sum(count(*)) over (
                order by {{ measure }} {{ worst_first }} rows between unbounded preceding and current row
            ) as customers_to_here,
            sum(count(*)) over () as all_customers
        from {{ customers }}
        group by {{ measure }}
    ) as measure_values
{%- endmacro %}


{#- The shares of the customers whose part of the revenue is measured. Texts: a number would be a
    float on its way into the SQL. -#}
{% macro top_shares() %}
    {{ return(['0.01', '0.05', '0.10', '0.20']) }}
{% endmacro %}


{#- For tests: a total over the customers with a counted order, once per slice of the policy. It is the
    other side of a totals_reconcile by dimension and value. `customers` is the ref: dbt does not see
    one that stands in a macro. -#}
{% macro purchasers_by_slice(customers, totals) %}
    {% set parts = [] %}
    {% for dimension in slice_dimensions() %}
        {% do parts.append({
            'relation': customers,
            'totals': [totals] if totals is string else totals,
            'by': ["'" ~ dimension ~ "=' || " ~ slice_value(dimension)],
            'where': 'lifetime_orders > 0',
        }) %}
    {% endfor %}
    {{ return(parts) }}
{% endmacro %}
