{#- A total of this table, by group, equals the sum of the same total over other tables. Groups that
    only one side has count as differences.

    total, by   SQL over this table; dbt's own `where` config chooses its rows
    totals      several totals instead of one, each compared with its like in the parts
    parts       list of {relation, total or totals, by, where}; `relation` is a ref or a table's name -#}
{% test totals_reconcile(model, parts, total=none, totals=[], by=[]) %}
{%- do retention_ledger.names_are_ours() -%}
{%- set compared = totals or [total] -%}
{%- if execute %}
    {%- if (total is none) == (not totals) %}
        {{ exceptions.raise_compiler_error('totals_reconcile: give `total` for one, or `totals` for several.') }}
    {%- endif %}
    {%- for part in parts if (part.totals or [part.total]) | length != compared | length %}
        {{ exceptions.raise_compiler_error(
            'totals_reconcile: ' ~ part.relation ~ ' has ' ~ (part.totals or [part.total]) | length
            ~ ' totals, and the table ' ~ compared | length ~ ': give each as many, in the same order.'
        ) }}
    {%- endfor %}
{%- endif %}
with entries as (
    select
        {% for column in by %}{{ column }} as group_{{ loop.index }}, {% endfor -%}
        {% for expression in compared -%}
        cast({{ expression }} as decimal(38, 10)) as amount_{{ loop.index }}{{ ', ' if not loop.last }}
        {%- endfor %}
    from {{ model }}
    {{ 'group by ' ~ by | join(', ') if by }}
    {%- for part in parts %}

    union all

    select
        {% for column in part.by or [] %}{{ column }}, {% endfor -%}
        {% for expression in part.totals or [part.total] -%}
        -cast({{ expression }} as decimal(38, 10)){{ ', ' if not loop.last }}
        {%- endfor %}
    from {{ part.relation }}
    {{ 'where ' ~ part.where if part.where }}
    {{ 'group by ' ~ part.by | join(', ') if part.by }}
    {%- endfor %}
),

differences as (
    select
        {% for column in by %}group_{{ loop.index }}, {% endfor -%}
        {% for expression in compared -%}
        sum(coalesce(amount_{{ loop.index }}, 0)) as difference_{{ loop.index }}{{ ', ' if not loop.last }}
        {%- endfor %}
    from entries
    {% if by %}group by {% for column in by %}group_{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}{% endif %}
)

select * from differences
where
    {% for expression in compared -%}
    {{ 'or ' if not loop.first }}difference_{{ loop.index }} <> 0
    {% endfor %}
{% endtest %}
