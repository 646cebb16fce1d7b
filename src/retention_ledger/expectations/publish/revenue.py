"""What is expected of `mrr_by_period`: recurring revenue, GRR and NRR."""

from retention_ledger.expectations.publish import checks


def expect(of: checks.Mart) -> None:
    """GRR is a share, NRR and MRR are not negative; no hole, and no sudden change."""
    checks.ranges(
        of, {"grr": (0, 1), "nrr": (0, None), "mrr_churn_rate": (0, 1), "closing_mrr": (0, None)}
    )
    checks.filled(of, "closing_mrr", "grr", "nrr")
    checks.without_holes(of)
    checks.drift(of, {"closing_mrr": "money", "grr": "share", "nrr": "share"})
