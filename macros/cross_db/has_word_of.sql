{#- Whether a text has one of some words in it: whole words, whatever the case, in any language that writes spaces
    between words. A word may be several, as in "never again". No regular expression, for they differ by warehouse. -#}
{% macro has_word_of(text, words) -%}
    {%- set found = [] -%}
    {%- for word in words -%}
        {%- do found.append("like '% " ~ spaced_text(word) ~ " %'") -%}
    {%- endfor -%}
    {%- set marks = word_boundaries() -%}
    {%- set spaced -%}
        (' ' || translate({{ lower_case(text) }}, {{ text_literal(marks) }}, '{{ ' ' * (marks | length) }}') || ' ')
    {%- endset -%}
    {%- if not words -%}
    1 = 0
    {%- else -%}
    (
        {%- for like in found %}
        {{ 'or ' if not loop.first }}{{ spaced }} {{ like }}
        {%- endfor %}
    )
    {%- endif -%}
{%- endmacro %}


{#- A word of the settings in the same form: lower case, and a space where a word ends. -#}
{% macro spaced_text(word) %}
    {% set letters = [] %}
    {% for letter in word | lower %}
        {% do letters.append(' ' if letter in word_boundaries() else letter) %}
    {% endfor %}
    {{ return(letters | join | trim) }}
{% endmacro %}


{#- What stands between words beside spaces. % and _ are among them, which mean something to LIKE. -#}
{% macro word_boundaries() %}
    {{ return('.,;:!?()[]{}<>"\'%_-/|*#&+=~\t\r\n\u00a0\u00a1\u00bf\u00ab\u00bb\u2013\u2014\u2018\u2019\u201c\u201d\u201e\u2026\u3001\u3002') }}
{% endmacro %}
