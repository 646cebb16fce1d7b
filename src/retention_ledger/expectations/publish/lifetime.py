"""What is expected of `customer_lifetime_value`: the prediction of each customer."""

from retention_ledger.expectations.publish import checks


def expect(of: checks.Mart) -> None:
    """A probability is one, and nobody's future costs money."""
    checks.ranges(of, {"probability_alive": (0, 1), "predicted_future_value": (0, None)})
