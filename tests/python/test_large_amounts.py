"""Amounts up to a thousand million million, and currencies without or with three decimals: nothing overflows, no cent is lost."""

from decimal import Decimal

import pytest
from dbt_project import Built, build

from retention_ledger.prediction import predict

LARGEST = Decimal("999999999999999.99")
FILES = {
    "customers.csv": "customer_id,email,signed_up_at,country,acquisition_channel,customer_segment\n"
    + "".join(f"{n},,2023-01-01,{'ID' if n % 2 else 'VN'},paid,consumer\n" for n in range(60)),
    "orders.csv": "order_id,customer_id,ordered_at,status,amount,currency\n"
    + "".join(
        f"{n}-{month},{n},{month}-15,completed,{LARGEST},XTS\n"
        for n in range(60)
        for month in ("2023-01", "2023-02", f"2023-0{3 + n % 3}", "2023-12", "2024-11")
    )
    + "kuwait,0,2023-06-01,completed,1.2345,KWD\njapan,0,2023-06-02,completed,975000,JPY\n",
    "refunds.csv": "refund_id,order_id,refunded_at,amount\nr,0-2023-01,2023-01-20,999999999999999.98\n",
    "subscriptions.csv": "subscription_id,customer_id,plan,started_on,ended_on,monthly_amount,currency,cancel_requested_on,cancel_reason\n"
    + "".join(
        f"s{n},{n},{'pro' if n % 2 else 'basic'},2023-01-0{1 + n % 9},{'' if n % 3 else '2023-05-01'},{LARGEST},,,\n"
        for n in range(60)
    ),
    "marketing_spend.csv": "spend_id,spent_on,acquisition_channel,amount,currency\n"
    + "".join(f"m{month},2023-{month:02}-01,paid,{LARGEST},XTS\n" for month in range(1, 13)),
    "exchange_rates.csv": "currency,valid_from,rate\nKWD,2020-01-01,3\nJPY,2020-01-01,1\n",
}
SETTINGS = {
    "raw_tables": [
        "customers",
        "orders",
        "refunds",
        "subscriptions",
        "exchange_rates",
        "marketing_spend",
    ],
    "raw_columns": {"orders": {"updated_at": None}},
    "reporting_currency": "XTS",
    "as_of_date": "2024-12-31",
    "gross_margin_rate": 0.6,
    "segment_dimensions": ["country"],
    "subscription_ends": "exclusive",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """60 customers with five orders and a subscription each, of the largest amount; built with every data test."""
    return build(tmp_path_factory.mktemp("large"), SETTINGS, FILES)


def test_revenue_is_exact_to_the_cent(shop: Built) -> None:
    others = Decimal("3.71") + 975000  # 1.2345 dinars are 1.235, and three times that 3.705
    assert shop.query("select sum(gross_amount) from marts.orders") == [(300 * LARGEST + others,)]
    assert shop.query(
        "select gross_revenue, net_revenue from marts.repeat_purchase_by_period"
        " where period_grain = 'quarter' and period_start = date '2023-01-01' and segment_dimension = 'all'"
    ) == [(140 * LARGEST, 140 * LARGEST - LARGEST + Decimal("0.01"))]
    assert shop.query(
        "select value from marts.metric_values where metric = 'gross_revenue' and period_grain = 'month'"
        " and period_start = date '2023-01-01' and segment_dimension = 'all'"
    ) == [(60 * LARGEST,)]


def test_rates_and_products_of_such_amounts(shop: Built) -> None:
    assert shop.query(
        "select average_order_value from marts.customer_lifetime_value where customer_id = '1'"
    ) == [(LARGEST,)]
    assert shop.query(
        "select count(*) from marts.customer_lifetime_value where textbook_lifetime_value > 0"
    ) == [(60,)]


def test_mrr_of_such_amounts(shop: Built) -> None:
    assert shop.query(
        "select opening_mrr, new_mrr, churn_mrr, closing_mrr from marts.mrr_by_period"
        " where period_grain = 'quarter' and segment_dimension = 'all' and period_start < date '2023-07-01' order by period_start"
    ) == [
        (0, 60 * LARGEST, 0, 60 * LARGEST),
        (60 * LARGEST, 0, 20 * LARGEST, 40 * LARGEST),
    ]
    assert shop.query("select distinct arpa from marts.mrr_by_period where arpa is not null") == [
        (LARGEST,)
    ]


def test_the_prediction_of_such_amounts(shop: Built) -> None:
    assert "Lifetime models of 60 customers" in predict(shop.database)


def test_costs_and_worth_of_such_amounts(shop: Built) -> None:
    """What customers have cost, what keeping more of them is worth, who is worth most, and what is only the season."""
    assert shop.query(
        "select acquisition_spend, acquired_customers, customer_acquisition_cost from marts.acquisition_cost_by_period"
        " where basis = 'orders_window' and period_grain = 'year' and segment_value = 'all' and period_start = date '2023-01-01'"
    ) == [(12 * LARGEST, 60, LARGEST / 5)]
    assert shop.query(
        "select distinct revenue from marts.retention_worth where basis = 'orders_window'"
    ) == [(60 * LARGEST,)]
    assert shop.query(
        "select distinct revenue from intermediate.int_profile_customers where basis = 'orders_window'"
    ) == [(LARGEST,)]
    assert shop.query(
        "select value from marts.seasonally_adjusted_by_period"
        " where metric = 'gross_revenue' and period_grain = 'month' and period_start = date '2023-12-01'"
    ) == [(60 * LARGEST,)]
