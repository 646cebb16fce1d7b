"""What is expected of the marts of cohorts, `cohort_retention` and `mrr_cohorts`."""

from retention_ledger.expectations.publish import checks


def expect(of: checks.Mart) -> None:
    """Shares of a cohort are shares; what it pays may grow above what it began with."""
    checks.ranges(
        of,
        {
            "active_rate": (0, 1), "ordering_rate": (0, 1), "ordering_or_later_rate": (0, 1),
            "mrr_retention_rate": (0, None),
        },
    )  # fmt: skip
