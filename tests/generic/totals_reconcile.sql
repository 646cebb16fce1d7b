{#- A total of this table, by group, equals the sum of the same total over other tables. Groups that
    only one side has count as differences.

    total, by   SQL over this table; dbt's own `where` config chooses its rows
    parts       list of {relation, total, by, where}; `relation` is a ref or a table's name -#}
{% test totals_reconcile(model, total, parts, by=[]) %}
{%- do names_are_ours() -%}
with entries as (
    select
        {% for column in by %}{{ column }} as group_{{ loop.index }}, {% endfor -%}
        cast({{ total }} as decimal(28, 6)) as amount
    from {{ model }}
    {{ 'group by ' ~ by | join(', ') if by }}
    {%- for part in parts %}

    union all

    select
        {% for column in part.by or [] %}{{ column }}, {% endfor -%}
        -cast({{ part.total }} as decimal(28, 6))
    from {{ part.relation }}
    {{ 'where ' ~ part.where if part.where }}
    {{ 'group by ' ~ part.by | join(', ') if part.by }}
    {%- endfor %}
),

differences as (
    select
        {% for column in by %}group_{{ loop.index }}, {% endfor -%}
        sum(coalesce(amount, 0)) as difference
    from entries
    {% if by %}group by {% for column in by %}group_{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}{% endif %}
)

select * from differences where difference <> 0
{% endtest %}
