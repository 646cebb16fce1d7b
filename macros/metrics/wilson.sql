{#- A bound of the 95% interval of Wilson (1927) for k of n, without a correction for continuity:

        (2k + z^2 -+ z sqrt(z^2 + 4k (n - k) / n)) / (2 (n + z^2)),   z = 1.959964, z^2 = 3.841458881296

    side   -1 for the lower bound, 1 for the upper one
    k, n   whole numbers, 0 <= k <= n and n > 0 -#}
{% macro wilson_bound(side, k, n) -%}
    {%- set successes, all = retention_ledger.as_double(k), retention_ledger.as_double(n) -%}
    {%- set z, z_squared = retention_ledger.as_double('1.959964'), retention_ledger.as_double('3.841458881296') -%}
    cast(
        (
            2 * {{ successes }} + {{ z_squared }}
            + ({{ side }}) * {{ z }} * sqrt({{ z_squared }} + 4 * {{ successes }} * ({{ all }} - {{ successes }}) / {{ all }})
        ) / (2 * ({{ all }} + {{ z_squared }})) as decimal(28, 6)
    )
{%- endmacro %}
