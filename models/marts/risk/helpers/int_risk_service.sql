{%- set slow_days = policy('risk_slow_ticket_days') -%}

with customers as (
    select
        *,
        {{ add_days('snapshot_on', -policy('risk_recent_days')) }} as recent_after_on
    from {{ ref('int_risk_customers') }}
),

tickets as (
    select
        *,
        {{ add_days('opened_on', slow_days + 1) }} as slow_from_on
    from {{ ref('int_support_tickets') }}
),

feedback as (
    select
        *,
        {{ has_word_of('feedback_text', policy('negative_words')) }} as is_negative
    from {{ ref('int_feedback') }}
),

scores as (
    select
        customer_id,
        nps_score,
        lag(nps_score) over (partition by customer_id order by given_on, feedback_id) as previous_score,
        lead(given_on) over (partition by customer_id order by given_on, feedback_id) as next_given_on,
        given_on
    from feedback
    where nps_score is not null
),

-- A ticket that was resolved later was not resolved yet.
of_tickets as (
    select
        customers.snapshot_on,
        customers.customer_id,
        max(
            case
                when
                    tickets.slow_from_on > customers.recent_after_on
                    and tickets.slow_from_on <= customers.snapshot_on
                    and (tickets.resolved_on is null or tickets.resolved_on >= tickets.slow_from_on)
                    then tickets.slow_from_on
            end
        ) as slow_service_on,
        max(case when tickets.is_complaint and tickets.opened_on > customers.recent_after_on then tickets.opened_on end)
            as complaint_on
    from customers
    inner join tickets
        on customers.customer_id = tickets.customer_id
        and customers.snapshot_on >= tickets.opened_on
    group by customers.snapshot_on, customers.customer_id
),

-- The last score by the snapshot: of a detractor, or of a promoter no more.
of_scores as (
    select
        customers.snapshot_on,
        customers.customer_id,
        max(
            case
                when scores.nps_score <= 6 or (scores.nps_score <= 8 and scores.previous_score >= 9) then scores.given_on
            end
        ) as low_nps_on
    from customers
    inner join scores
        on customers.customer_id = scores.customer_id
        and customers.snapshot_on >= scores.given_on
        and customers.recent_after_on < scores.given_on
        and (scores.next_given_on is null or customers.snapshot_on < scores.next_given_on)
    group by customers.snapshot_on, customers.customer_id
),

of_texts as (
    select
        customers.snapshot_on,
        customers.customer_id,
        max(feedback.given_on) as negative_feedback_on
    from customers
    inner join feedback
        on customers.customer_id = feedback.customer_id
        and customers.snapshot_on >= feedback.given_on
        and customers.recent_after_on < feedback.given_on
    where feedback.is_negative
    group by customers.snapshot_on, customers.customer_id
),

final as (
    select
        customers.snapshot_on,
        customers.customer_id,
        of_tickets.slow_service_on,
        of_tickets.complaint_on,
        of_scores.low_nps_on,
        of_texts.negative_feedback_on
    from customers
    left join of_tickets
        on customers.snapshot_on = of_tickets.snapshot_on
        and customers.customer_id = of_tickets.customer_id
    left join of_scores
        on customers.snapshot_on = of_scores.snapshot_on
        and customers.customer_id = of_scores.customer_id
    left join of_texts
        on customers.snapshot_on = of_texts.snapshot_on
        and customers.customer_id = of_texts.customer_id
    where
        of_tickets.slow_service_on is not null
        or of_tickets.complaint_on is not null
        or of_scores.low_nps_on is not null
        or of_texts.negative_feedback_on is not null
)

select * from final
