"""What is expected of `retention_by_period`: churn and retention by basis, grain and segment."""

from retention_ledger.expectations.publish import checks


def expect(of: checks.Mart) -> None:
    """Rates within what a rate can be, no hole, and no sudden change."""
    checks.ranges(
        of,
        {
            "customer_churn_rate": (0, 1), "retention_rate": (0, 1), "gross_churn_rate": (0, None),
            "event_churn_rate": (0, None), "net_churn_rate": (None, 1), "closing_customers": (0, None),
        },
    )  # fmt: skip
    checks.filled(of, "customer_churn_rate", "retention_rate", "closing_customers")
    checks.without_holes(of)
    checks.drift(of, {"customer_churn_rate": "share", "closing_customers": "number"})
