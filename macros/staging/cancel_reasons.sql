{#- A raw text as one of the reasons of the policy: letter case, '_' and '-' do not matter; a text that no
    reason lists is 'other'. -#}
{% macro cancel_reason(column) -%}
    {%- set text = "replace(replace(lower(" ~ clean_text(column) ~ "), '_', ' '), '-', ' ')" -%}
    case
        {%- for reason, texts in policy('cancel_reasons').items() %}
        {%- set spellings = [] %}
        {%- for spelling in [reason] + texts %}
            {%- do spellings.append(folded_text(spelling)) %}
        {%- endfor %}
        when {{ text }} in ({{ text_list(spellings | unique | list) }}) then {{ text_literal(reason) }}
        {%- endfor %}
        when {{ clean_text(column) }} is not null then 'other'
    end
{%- endmacro %}


{#- The same folding for texts of the policy. -#}
{% macro folded_text(text) %}
    {{ return(text | lower | trim | replace('_', ' ') | replace('-', ' ')) }}
{% endmacro %}


{#- Why a subscription ended: nobody paid, somebody left, or nobody renewed. -#}
{% macro churn_type(cancel_reason, cancel_requested_on) -%}
    case
        {%- if policy('involuntary_cancel_reasons') %}
        when {{ cancel_reason }} in ({{ text_list(policy('involuntary_cancel_reasons')) }}) then 'involuntary'
        {%- endif %}
        when {{ cancel_requested_on }} is not null or {{ cancel_reason }} is not null then 'voluntary'
        else 'expired'
    end
{%- endmacro %}
