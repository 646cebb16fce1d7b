with prediction_check as (
    select * from {{ ref('prediction_check') }}
),

calibration as (
    select * from {{ ref('lifetime_calibration') }}
),

-- A check of other data or another policy is none, and neither are its bands.
current_bands as (
    select calibration.*
    from calibration
    inner join prediction_check on prediction_check.note is null
),

final as (
    select
        history,
        band_from,
        band_to,
        customers,
        customers_who_purchased,
        cast(actual_purchases as decimal(28, 6)) as actual_purchases,
        cast(predicted_purchases as decimal(28, 6)) as predicted_purchases,
        cast(expected_alive as decimal(28, 6)) as expected_alive_customers,
        {{ safe_divide('predicted_purchases - actual_purchases', 'actual_purchases') }} as predicted_total_error,
        {{ policy_version_column() }}
    from current_bands
)

select * from final
