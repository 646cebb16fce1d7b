"""What is expected of `repeat_purchase_by_period`: orders, order values and who buys again."""

from retention_ledger.expectations.publish import checks


def expect(of: checks.Mart) -> None:
    """Shares of customers are shares; no hole; orders and their value do not jump."""
    checks.ranges(
        of,
        {
            "repeat_purchase_rate": (0, 1), "in_period_repeat_rate": (0, 1), "returning_purchaser_rate": (0, 1),
            "orders": (0, None),
        },
    )  # fmt: skip
    checks.filled(of, "orders", "average_order_value", "repeat_purchase_rate")
    checks.without_holes(of)
    checks.drift(
        of, {"orders": "number", "average_order_value": "money", "repeat_purchase_rate": "share"}
    )
