"""What the figures mean that are columns of a mart and no metrics of the catalogue: mart.column -> label, sentence."""

GLOSSARY = {
    "mrr_by_period.transferred_mrr": (
        "Transferred MRR",
        "The change of a plan's MRR that belongs to customers who moved between plans. It adds up to 0 over the plans, and is 0 for all customers.",
    ),
    "churned_customers.customer_id": (
        "Customers who left",
        "Customers who were active on the day before the period and are not on its last day, counted from the names in churned_customers.",
    ),
    "churned_customers.churn_type": (
        "Type",
        "voluntary: the customer ended the subscription. involuntary: a payment failed. expired: it ran out and nobody said why. lapsed: no order for too long.",
    ),
    "churned_customers.cancel_reason": (
        "Reason",
        "The reason of the cancellation, cleaned to the list of the var cancel_reasons; everything else is other. Not known where no reason was given.",
    ),
    "churned_customers.tenure_band": (
        "Tenure",
        "How long the spell of activity that ended had lasted: less than a calendar month, 3, 12, or longer. On the bases made of orders it includes the time without an order that ended it.",
    ),
    "churned_customers.last_mrr": (
        "Last MRR",
        "What the customer paid a month before leaving. Not known on the bases made of orders.",
    ),
    "churned_customers.net_revenue_to_date": (
        "Net revenue to date",
        "Orders less refunds of the customer, up to the day of leaving. Not known without a table of orders.",
    ),
    "customers_at_risk.main_reason": (
        "Main reason",
        "The signal with the highest weight of those that apply to the customer; none where none applies.",
    ),
    "customers_at_risk.risk_score": (
        "Chance of leaving",
        "The probability of leaving within the days of the var risk_horizon_days, fitted on what happened to customers before. Not known before `retention-ledger predict`.",
    ),
    "customers_at_risk.value_at_risk": (
        "Value at risk",
        "The chance of leaving x what the customer is expected to bring from orders. Not known where one of them is not.",
    ),
    "customers_at_risk.mrr_at_risk": (
        "MRR at risk",
        "The chance of leaving x the customer's MRR. Not known where one of them is not.",
    ),
    "customers_at_risk.silent_days": (
        "Days silent",
        "Days since the last order, or since becoming active where there is none.",
    ),
    "risk_check.left_share": (
        "Left",
        "Customers who left within the horizon / customers who were active on the day.",
    ),
    "risk_check.score_precision": (
        "Left, of the tenth with the highest score",
        "Of the tenth of customers with the highest score, the share who left. The score was fitted only on what was known before the day.",
    ),
    "risk_check.silent_days_precision": (
        "Left, of the tenth silent for longest",
        "The same for a simpler rule: the tenth of customers whose last order is the longest ago.",
    ),
    "risk_check.score_lift": (
        "Lift",
        "The share of the tenth with the highest score who left / the share of all who left.",
    ),
    "risk_check.score_auc": (
        "Area under the curve",
        "The chance that of two customers, one who left and one who stayed, the one who left had the higher score; 0.5 is a coin.",
    ),
    "prediction_check.predicted_total_error": (
        "Error of the prediction",
        "(Predicted - actual purchases) / actual purchases of the last days, from the days before. The naive forecast: everybody goes on buying at the rate so far.",
    ),
    "churned_customer_profile.customer_churn_rate": (
        "Churn rate of a trait",
        "Of the opening customers of the period with the trait, the share who left, with its 95% interval; beside it the rate of all others. Listed are traits that differ also when the number of comparisons is allowed for.",
    ),
    "repeat_purchase_by_cohort.observed_customers": (
        "Observed",
        "Customers of the cohort for whom the window has passed: only they are counted.",
    ),
    "time_between_purchases.median_days": (
        "Days between purchases",
        "Of all gaps between a purchase and the customer's next one: a quarter are no longer than the first figure, half no longer than the second, three quarters no longer than the third.",
    ),
    "cohort_retention.cohort_size": (
        "Size",
        "Customers of the cohort, frozen; for MRR what they paid a month when they started.",
    ),
    "rejected_rows.reason": (
        "Rejected rows",
        "Raw rows that were not accepted, with the reason; rejected_rows has each as it came.",
    ),
    "intake_findings.affected_rows": (
        "Affected rows",
        "Raw rows that the finding is about. They are readable and accepted; the setting that is named mends it.",
    ),
    "metric_restatements.old_value": (
        "Then and now",
        "The value of a complete period in the build published before, and in the one that restated it.",
    ),
}
