with spend as (
    select
        acquisition_channel,
        count(*) as spend_rows,
        sum(amount) as amount
    from {{ ref('int_marketing_spend') }}
    group by acquisition_channel
),

customers as (
    select distinct acquisition_channel from {{ ref('int_customers') }}
),

tickets as (
    select
        topic,
        count(*) as tickets,
        sum(case when is_complaint then 1 else 0 end) as complaints,
        row_number() over (order by count(*) desc, topic asc) as example_rank
    from {{ ref('int_support_tickets') }}
    where topic is not null
    group by topic
),

scores as (
    select
        count(nps_score) as scores,
        max(nps_score) as highest
    from {{ ref('int_feedback') }}
),

channels as (
    select
        spend.acquisition_channel,
        spend.spend_rows,
        spend.amount,
        customers.acquisition_channel is null as is_unknown
    from spend
    left join customers on spend.acquisition_channel = customers.acquisition_channel
),

ranked as (
    select
        *,
        row_number() over (partition by is_unknown order by amount desc, acquisition_channel asc) as example_rank
    from channels
),

findings as (
    select
        'spend_on_channels_without_customers' as finding,
        'marketing_spend' as source_table,
        'acquisition_channel' as column_name,
        {{ in_words('count(case when is_unknown then 1 end)') }} || ' of ' || {{ in_words('count(*)') }}
        || ' channels that money is spent on are not among the customers' as what,
        {{ three_examples('case when is_unknown then acquisition_channel end') }} as examples,
        sum(case when is_unknown then spend_rows else 0 end) as affected_rows,
        sum(spend_rows) as all_rows
    from ranked
    having
        sum(case when is_unknown then amount else 0 end)
        >= {{ finding_threshold('share_of_spend_without_customers') }} * sum(amount)

    union all

    select
        'no_ticket_is_a_complaint' as finding,
        'support_tickets' as source_table,
        'topic' as column_name,
        'none of ' || {{ in_words('sum(tickets)') }} || ' tickets has a topic that is a complaint' as what,
        {{ three_examples('topic') }} as examples,
        sum(tickets) as affected_rows,
        sum(tickets) as all_rows
    from tickets
    having
        sum(tickets) >= {{ finding_threshold('least_tickets') }}
        and sum(complaints) = 0
        and {{ (policy('complaint_topics') | length > 0) | lower }}

    union all

    select
        'scores_look_like_another_scale' as finding,
        'feedback' as source_table,
        'nps_score' as column_name,
        'the highest of ' || {{ in_words('scores') }} || ' scores is ' || {{ in_words('highest') }} as what,
        cast(null as {{ dbt.type_string() }}) as examples,
        scores as affected_rows,
        scores as all_rows
    from scores
    where
        scores >= {{ finding_threshold('least_scores') }}
        and highest <= {{ finding_threshold('highest_score_of_another_scale') }}
)

select * from findings
