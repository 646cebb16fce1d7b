"""Trailing twelve months, counted again customer by customer from the paid periods."""

from calendar import monthrange
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from dbt_project import query


def year_before(day: date) -> date:
    """The last day of the same month of the year before; ``day`` is the last of its month."""
    return date(day.year - 1, day.month, monthrange(day.year - 1, day.month)[1])


def share(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """A ratio with six decimals, half up; None where there is nothing to divide by."""
    if not whole:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def test_every_month_in_total_and_by_country(demo_database: Path) -> None:
    periods = query(
        demo_database,
        "select customer_id, country, mrr, started_on, active_until_on "
        "from marts.subscription_periods inner join marts.customers using (customer_id) where is_paid",
    )
    months = query(
        demo_database,
        "select segment_dimension, segment_value, period_end, trailing_nrr, trailing_grr, trailing_logo_churn_rate "
        "from marts.mrr_by_period where period_grain = 'month' and period_status = 'complete' "
        "and segment_dimension in ('all', 'country')",
    )

    def mrr_on(day: date) -> dict[tuple[str, str], Decimal]:
        found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for customer, country, mrr, start, end in periods:
            if start <= day and (end is None or day < end):
                found[customer, country] += mrr
        return found

    assert len(months) > 300
    balances: dict[date, dict] = {}
    compared = 0
    for dimension, value, end, *rates in months:
        for day in (end, year_before(end)):
            if day not in balances:
                balances[day] = mrr_on(day)
        then = {
            customer: mrr
            for (customer, country), mrr in balances[year_before(end)].items()
            if dimension == "all" or country == value
        }
        now = {customer: mrr for (customer, _), mrr in balances[end].items()}
        whole = sum(then.values())
        expected = [
            share(sum(now.get(customer, 0) for customer in then), whole),
            share(
                sum(min(mrr, now.get(customer, Decimal(0))) for customer, mrr in then.items()),
                whole,
            ),
            share(sum(customer not in now for customer in then), len(then)),
        ]
        assert rates == expected, (dimension, value, end)
        compared += expected[0] is not None
    assert compared > 150


def test_chaining_months_is_another_figure(demo_database: Path) -> None:
    """Who leaves and returns is lost to the product of monthly rates."""
    [(trailing, gross, logo)] = query(
        demo_database,
        "select trailing_nrr, trailing_grr, trailing_logo_churn_rate from marts.mrr_by_period "
        "where period_grain = 'month' and segment_dimension = 'all' and period_start = date '2025-11-01'",
    )
    [(chained,)] = query(
        demo_database,
        "select product(nrr) from marts.mrr_by_period where period_grain = 'month' and segment_dimension = 'all' "
        "and period_start between date '2024-12-01' and date '2025-11-01'",
    )
    assert (round(trailing, 3), round(gross, 3), round(logo, 3)) == (
        Decimal("0.900"), Decimal("0.763"), Decimal("0.265"),
    )  # fmt: skip
    assert round(chained, 3) == 0.798
