with checked as (
    select * from {{ ref('int_support_tickets_checked') }}
    where reject_reason is null
),

accepted as (
    select
        ticket_id,
        customer_id,
        topic,
        {% if policy('complaint_topics') -%}
        coalesce(topic in ({{ text_list(policy('complaint_topics')) }}), false) as is_complaint,
        {%- else -%}
        false as is_complaint,
        {%- endif %}
        opened_on,
        resolved_on
    from checked
)

select * from accepted
