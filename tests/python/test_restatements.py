"""A closed figure that moves is listed with its cause; one that nothing explains is not published.

The tables are made by hand, a build of each, so that one thing differs at a time.
"""

import json
from pathlib import Path

import duckdb
import pytest
from dbt_project import ROOT, query

from retention_ledger.errors import Stop
from retention_ledger.restatements import KEPT, LOG, RAW_ROWS, READ, raw_rows_changed, restate

STAGED = {
    "orders": "order_id varchar, customer_id varchar, ordered_on date, raw_record varchar",
    "refunds": "refund_id varchar, refunded_on date, raw_record varchar",
    "subscriptions": "subscription_id varchar, item_id varchar, customer_id varchar, started_on date, raw_record varchar",
    "exchange_rates": "currency varchar, valid_from date, raw_record varchar",
    "customer_id_map": "old_customer_id varchar, raw_record varchar",
    "calendar": "calendar_day date, raw_record varchar",
    "marketing_spend": "spend_id varchar, spent_on date, raw_record varchar",
    "support_tickets": "ticket_id varchar, opened_on date, raw_record varchar",
    "feedback": "feedback_id varchar, given_on date, raw_record varchar",
    "customers": "customer_id varchar, email varchar, country varchar, reject_reason varchar, raw_record varchar, signed_up_at timestamp",
}  # fmt: skip
KEYS = (
    "metric varchar, basis varchar, period_grain varchar, period_start date, period_end date, "
    "segment_dimension varchar, segment_value varchar"
)
OTHERS = {
    "int_data_held": "data varchar, settings varchar, relations varchar, last_build varchar, build_id varchar",
    "metric_values": f"{KEYS}, value decimal(28, 6), period_status varchar",
    "metric_definitions": "metric varchar, numerator varchar, denominator varchar, condition varchar",
    "policy_settings": "setting varchar, value varchar, is_part_of_version boolean, policy_version varchar",
    "published_builds": "build_id varchar",
    "int_published_values": f"{KEYS}, value decimal(28, 6)",
    "int_published_policy": "kind varchar, name varchar, value varchar",
    "int_published_rows": "source_table varchar, row_key bigint, content bigint, on_day date",
    "metric_restatements": f"{KEYS}, cause varchar, explanation varchar, old_build varchar, "
    "old_value decimal(28, 6), new_value decimal(28, 6), restated_at timestamp, policy_version varchar",
}
# May and June are complete. The customers of a: two orders in May, one in June; b one in June.
PUBLISHED = """
insert into stg_orders values
    ('1', 'a', '2025-05-03', '1;paid;10'), ('2', 'a', '2025-05-20', '2;paid;20'),
    ('3', 'a', '2025-06-02', '3;paid;30'), ('4', 'b', '2025-06-09', '4;paid;40');
insert into stg_customers values
    ('a', 'a@x', 'DE', null, 'a;DE', null), ('b', 'b@x', 'FR', null, 'b;FR', null), ('idle', 'i@x', 'FR', null, 'i;FR', null);
insert into metric_definitions values ('orders', 'orders', null, null), ('customer_churn_rate', 'churned', 'opening', null);
insert into policy_settings values ('inactivity_days', '60', true, 'p1'), ('raw_files', 'x', false, 'p1');
insert into published_builds values ('build1');
insert into metric_values values
    ('orders', null, 'month', '2025-05-01', '2025-05-31', 'all', 'all', 2, 'complete'),
    ('orders', null, 'month', '2025-05-01', '2025-05-31', 'country', 'DE', 2, 'complete'),
    ('orders', null, 'month', '2025-06-01', '2025-06-30', 'all', 'all', 2, 'complete'),
    ('customer_churn_rate', 'orders_window', 'month', '2025-05-01', '2025-05-31', 'all', 'all', null, 'complete'),
    ('orders', null, 'month', '2025-07-01', '2025-07-31', 'all', 'all', 5, 'partial');
"""
MAY = "period_start = date '2025-05-01'"
JUNE = "period_start = date '2025-06-01'"
#: The figure of May for all moves.
MOVE_MAY = f"update metric_values set value = 3 where {MAY} and metric = 'orders' and segment_value = 'all'"


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    """A build whose values were kept when it was published."""
    file = tmp_path / "shop.duckdb"
    tables = OTHERS | {f"stg_{name}": columns for name, columns in STAGED.items()}
    assert {*READ, *KEPT, LOG} <= tables.keys() and STAGED.keys() == RAW_ROWS.keys()
    with duckdb.connect(str(file)) as connection:
        for name, columns in tables.items():
            connection.execute(f"create table {name} ({columns})")
        connection.execute(PUBLISHED)
        relations = json.dumps({name: ["main", name] for name in tables})
        connection.execute(
            "insert into int_data_held values ('{}', '{}', ?, 'passed', 'build1')", [relations]
        )
    assert restate(file, "main", is_whole=True) == []
    return file


def change(file: Path, *statements: str) -> None:
    """What another build would have made otherwise."""
    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            connection.execute(statement)


def listed(file: Path, columns: str = "cause, explanation, old_value, new_value") -> list[tuple]:
    """What metric_restatements says, numbers as such."""
    return query(file, f"select {columns} from metric_restatements order by all")


def test_raw_rows_that_changed_since_the_publication(candidate: Path) -> None:
    """Those that can reach a closed period: the last one that is published ends in June."""
    assert raw_rows_changed(candidate, "main") == {}
    change(candidate, "insert into stg_orders values ('9', 'a', '2025-07-01', '9;paid;90')")
    assert raw_rows_changed(candidate, "main") == {}
    change(
        candidate,
        "insert into stg_orders values ('8', 'a', '2025-06-30', '8;paid;80')",
        "delete from stg_orders where order_id = '1'",
    )
    assert raw_rows_changed(candidate, "main") == {"orders": 2}
    change(candidate, "delete from int_published_rows")
    assert raw_rows_changed(candidate, "main") is None


def test_every_raw_table_is_looked_at() -> None:
    staging = ROOT / "models" / "staging"
    assert {path.stem.removeprefix("stg_") for path in staging.glob("stg_*.sql")} == RAW_ROWS.keys()


def test_a_build_that_moves_nothing_lists_nothing(candidate: Path) -> None:
    change(
        candidate,
        "insert into stg_orders values ('5', 'c', '2025-07-02', '5;paid;50')",
        "insert into stg_customers values ('c', 'c@x', 'IT', null, 'c;IT', null)",
        "update metric_values set value = 6 where period_status = 'partial'",
    )
    assert restate(candidate, "main", is_whole=True) == []
    assert listed(candidate) == []


@pytest.mark.parametrize(
    ("changes", "cause", "explanation"),
    [
        (["insert into stg_orders values ('9', 'a', '2025-05-28', '9;paid;90')"],
         "rows_late", "1 row of orders arrived late"),
        (["update stg_orders set raw_record = '2;paid;99' where order_id = '2'"],
         "rows_corrected", "1 row of orders corrected"),
        (["delete from stg_orders where order_id in ('1', '2')"], "rows_deleted", "2 rows of orders deleted"),
        (["insert into stg_refunds values ('r', '2025-05-30', 'r')"], "rows_late", "1 row of refunds arrived late"),
        (["update stg_orders set ordered_on = '2025-05-30', raw_record = '4;May' where order_id = '4'"],
         "rows_corrected", "1 row of orders corrected"),
        (["update stg_customers set email = 'test@x' where customer_id = 'a'"],
         "rows_corrected", "1 row of customers corrected"),
        (["update policy_settings set value = '90' where setting = 'inactivity_days'"],
         "policy_changed", "inactivity_days was 60, is 90"),
        (["insert into policy_settings values ('new', '1', true, 'p1')"],
         "policy_changed", "new was not there, is 1"),
        (["update metric_definitions set condition = 'is_counted' where metric = 'orders'"],
         "formula_changed", "the formula of orders changed"),
        (["update policy_settings set value = '90' where setting = 'inactivity_days'",
          "delete from stg_orders where order_id = '1'"],
         "policy_changed, rows_deleted", "inactivity_days was 60, is 90; 1 row of orders deleted"),
    ],
)  # fmt: skip
def test_each_cause_is_derived(
    changes: list[str], cause: str, explanation: str, candidate: Path
) -> None:
    change(candidate, MOVE_MAY, *changes)
    said = restate(candidate, "main", is_whole=True)
    assert listed(candidate) == [(cause, explanation, 2, 3)]
    assert listed(candidate, "metric, period_start, segment_value, old_build") == [
        ("orders", query(candidate, "select date '2025-05-01'")[0][0], "all", "build1")
    ]
    assert said[1:] == [
        "Closed figures that are not what was published before: 1 (metric_restatements)",
        f"  1: {explanation}",
    ]
    # It is what is published now: nothing moves in the next build.
    assert restate(candidate, "main", is_whole=True) == []
    assert len(listed(candidate)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        [],
        # What cannot reach May: a later day, a customer who never did anything, a setting that is
        # no part of the policy, another metric's formula, another dimension's attribute.
        ["insert into stg_orders values ('9', 'a', '2025-06-28', '9;paid;90')"],
        ["delete from stg_orders where order_id = '4'"],
        ["update stg_customers set email = 'test@x' where customer_id in ('b', 'idle')"],
        ["update policy_settings set value = 'y' where setting = 'raw_files'"],
        ["update metric_definitions set numerator = 'lost' where metric = 'customer_churn_rate'"],
        ["update stg_customers set country = 'IT' where customer_id = 'a'"],
    ],
)
def test_what_nothing_explains_is_not_published(changes: list[str], candidate: Path) -> None:
    change(candidate, MOVE_MAY, *changes)
    with pytest.raises(Stop) as stop:
        restate(candidate, "main", is_whole=True)
    assert (
        "1 closed figures are not what was published, and nothing explains it, such as orders of all all, "
        "month of 2025-05-01: was 2.000000, is 3.000000."
    ) in str(stop.value)
    assert listed(candidate, "cause, old_value, new_value") == [("unexplained", 2, 3)]
    # What was published stays the measure, until somebody says that the models changed.
    assert query(candidate, f"select value from int_published_values where {MAY} and segment_value = 'all' and metric = 'orders'") == [(2,)]  # fmt: skip
    change(candidate, "insert into policy_settings values ('policy_release', '2', true, 'p2')")
    restate(candidate, "main", is_whole=True)
    assert "policy_changed" in listed(candidate, "cause")[0][0]


def test_attributes_move_the_figures_of_their_dimension(candidate: Path) -> None:
    """The one customer of DE is of IT now: DE loses its row, IT gets one, the total stays."""
    change(
        candidate,
        "update stg_customers set country = 'IT' where customer_id = 'a'",
        "update metric_values set segment_value = 'IT' where segment_value = 'DE'",
    )
    restate(candidate, "main", is_whole=True)
    says = ("attributes_changed", "country of 1 customer changed")
    assert listed(candidate, "segment_value, cause, explanation, old_value, new_value") == [
        ("DE", *says, 2, None), ("IT", *says, None, 2)
    ]  # fmt: skip


def test_what_was_not_published_did_not_move(candidate: Path) -> None:
    """A dimension, metric or grain that is new or gone, and a new segment without a figure."""
    change(
        candidate,
        "delete from metric_values where metric = 'customer_churn_rate'",
        "insert into metric_values select * replace ('channel' as segment_dimension) from metric_values",
        "insert into metric_values select * replace ('XX' as segment_value, 0 as value) from metric_values where segment_value = 'DE'",
        "insert into metric_values select * replace ('revenue' as metric) from metric_values",
    )
    assert restate(candidate, "main", is_whole=True) == []


def test_a_part_of_a_build_keeps_its_values_and_not_the_rows(candidate: Path) -> None:
    """With `--select` the rest of the marts may still be of the rows before."""
    order = "insert into stg_orders values ('9', 'a', '2025-05-28', '9;paid;90')"
    change(candidate, order, MOVE_MAY)
    restate(candidate, "main", is_whole=False)
    change(candidate, f"update metric_values set value = 3 where {JUNE}")
    restate(candidate, "main", is_whole=True)
    assert [cause for (cause,) in listed(candidate, "cause")] == ["rows_late", "rows_late"]


def test_other_data_has_no_past(candidate: Path) -> None:
    change(candidate, MOVE_MAY, "delete from stg_orders")
    assert restate(candidate, "main", is_whole=True, is_other_data=True) == []
    assert listed(candidate) == []
    change(candidate, MOVE_MAY.replace("= 3", "= 4"))
    with pytest.raises(Stop):
        restate(candidate, "main", is_whole=True)
