with prediction as (
    select * from {{ ref('int_prediction_state') }}
),

holdout as (
    select * from {{ ref('lifetime_holdout') }}
),

judged as (
    select
        prediction.as_of_date,
        holdout.calibration_ends_on,
        holdout.holdout_days,
        holdout.customers,
        holdout.actual_purchases,
        holdout.predicted_purchases,
        holdout.naive_purchases,
        holdout.predicted_absolute_error,
        holdout.naive_absolute_error,
        holdout.bg_nbd_purchases,
        holdout.bg_nbd_absolute_error,
        case
            when holdout.as_of_date is null and prediction.purchase_note is not null then prediction.purchase_note
            when holdout.as_of_date is null then 'There is no check yet: run `retention-ledger predict`.'
            else holdout.message
        end as note
    from prediction
    left join holdout
        on prediction.as_of_date = holdout.as_of_date
        and prediction.policy_version = holdout.policy_version
        and prediction.fingerprint = holdout.fingerprint
),

-- Errors in purchases over the actual purchases; the naive forecast is "as often as before".
final as (
    select
        as_of_date,
        calibration_ends_on,
        note,
        cast(customers as {{ dbt.type_bigint() }}) as customers,
        cast(holdout_days as {{ dbt.type_bigint() }}) as holdout_days,
        cast(actual_purchases as decimal(28, 6)) as actual_purchases,
        cast(predicted_purchases as decimal(28, 6)) as predicted_purchases,
        cast(naive_purchases as decimal(28, 6)) as naive_purchases,
        {{ safe_divide('predicted_purchases - actual_purchases', 'actual_purchases') }} as predicted_total_error,
        {{ safe_divide('naive_purchases - actual_purchases', 'actual_purchases') }} as naive_total_error,
        cast(predicted_absolute_error as decimal(28, 6)) as predicted_absolute_error_per_customer,
        cast(naive_absolute_error as decimal(28, 6)) as naive_absolute_error_per_customer,
        cast(bg_nbd_purchases as decimal(28, 6)) as bg_nbd_purchases,
        cast(bg_nbd_absolute_error as decimal(28, 6)) as bg_nbd_absolute_error_per_customer,
        predicted_absolute_error < naive_absolute_error as is_better_than_naive,
        {{ policy_version_column() }}
    from judged
)

select * from final
