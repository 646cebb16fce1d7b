"""Every generic test can pass and can fail, and works in another dbt project.

tests/fixtures/generic_tests_project is that project: it takes this repository as a local package
and has one model of literal rows per case. A model's name says which test it is for and what
must come of it: <test>__holds..., <test>__fails_....
"""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml
from dbt.cli.main import dbtRunner
from dbt_project import ROOT, DbtRun, dbt, pickled, unpickled

PROJECT = ROOT / "tests" / "fixtures" / "generic_tests_project"
# dbt_tests.sql only repeats dbt's own, which dbt tests.
TESTS = sorted({path.stem for path in (ROOT / "tests" / "generic").glob("*.sql")} - {"dbt_tests"})
CASES = sorted(path.stem for path in PROJECT.glob("models/*/*__*.sql"))

# Arguments whose default is the policy's: the setting to change in this project so that the test
# fails on the demo, and what it says then.
DEFAULTS = {
    "carries_current_policy_version": ({"policy_release": "other"}, "configured to fail"),
    "rejected_share_is_tolerable": (
        {"max_rejected_share": 0.0001},
        "more than the share of 0.0001 ",
    ),
    "statuses_are_known": ({"uncounted_order_statuses": []}, "It knows: completed."),
    "optional_dates_are_readable": ({"max_rejected_share": 0.0001}, "cannot be read, like"),
    # The demo has orders on every day, so here the compiled SQL has to do.
    "dates_have_no_long_gap": ({"max_days_without_orders": 1234}, "more than the 1234 days"),
}

# Tests that stop the build with a sentence, and what it must say: status 'error', not 'fail'.
SENTENCES = {
    "dates_have_no_long_gap__fails_on_a_gap_one_day_too_long": [
        "jump from 2025-01-01 to 2025-02-02",
        "more than the 31 days",
        "latest_valid_date",
    ],
    "dates_have_no_long_gap__fails_on_a_date_far_in_the_future": [
        "jump from 2025-01-15 to 2099-01-01",
    ],
    "dates_have_no_long_gap__fails_on_days_that_stop_long_before_another_day": [
        "jump from 2025-01-20 to 2025-02-28",
    ],
    "dates_have_no_long_gap__fails_where_the_other_day_is_not_known": [
        "jump from 2025-01-01 to 2025-02-02",
    ],
    "dates_have_no_long_gap__fails_among_the_rows_chosen": [
        "jump from 2025-01-01 to 2025-02-28",
    ],
    "rejected_share_is_tolerable__fails_on_too_many_rejected": [
        "Of 14 raw rows of orders, 3 are rejected",
        "the share of 0.2 ",
        "Reasons: missing_date 2, negative_amount 1. What helps: (missing_date) raw_columns",
        "(negative_amount) reject_negative_amounts",
    ],
    "rejected_share_is_tolerable__fails_with_examples": [
        "Reasons: unparsable_date 3 (1: 'soon', 2: 'by phone'), missing_order_id 1 (no id). What helps",
        "timestamp_formats",
    ],
    "dates_are_read_one_way__fails_on_month_first_read_as_day_first": [
        "orders.ordered_at",
        "2 values like '04/13/2024' and '05/30/2024' can only be month first",
        "2 values like '03/04/2024' are",
        "timestamp_formats",
    ],
    "dates_are_read_one_way__fails_on_a_column_that_mixes_both": [
        "1 values like '04.14.2024' can only be month first",
    ],
    "dates_are_read_one_way__fails_on_year_day_month": ["orders.updated_at", "day first"],
    "optional_dates_are_readable__fails_on_too_many": [
        "Of 10 dates in customers.signed_up_at, 2 cannot be read, like 'by phone' and 'soon'",
        "missing_texts",
    ],
    "optional_dates_are_readable__fails_where_the_few_that_are_written_cannot_be_read": [
        "2 cannot be read, like '-'"
    ],
    "ids_are_not_rounded__fails_on_a_rounded_id": [
        "orders.customer_id",
        "2 rows, like '6.9401E+12' and '6.9402E+12'",
        "spreadsheet",
    ],
    "ids_are_not_rounded__fails_on_a_rounded_id_with_a_comma": ["orders.order_id"],
    "rejected_share_is_tolerable__fails_on_nothing_accepted": [
        "Of 3 raw rows of orders, 3 are rejected",
    ],
    "versions_can_be_ordered__fails_on_two_versions": [
        "Of the raw orders, 1 ids have versions that differ",
        "nothing says which is newer: 'b' is both (5.00) and (7.00). Map updated_at",
    ],
    "versions_can_be_ordered__fails_on_versions_of_several_ids": [
        "Of the raw orders, 2 ids have versions that differ",
        "'a' is both (1.00) and (2.00); 'b' is both (5.00) and (7.00)",
    ],
    "statuses_are_known__fails_on_unknown_statuses": [
        "'Pending' (1 rows), 'lost' (2 rows)",
        "It knows: completed, pending.",
        "counted_order_statuses",
    ],
    "statuses_are_known__fails_among_the_rows_chosen": [
        "the order status 'lost' (1 rows). It knows",
    ],
    "coarser_period_shares_edges__fails_on_a_misspelled_grain": ["'months'", "month, quarter"],
    "finer_periods_add_up__fails_on_a_misspelled_grain": ["'quarters'", "month, quarter"],
    "totals_reconcile__fails_on_a_part_with_fewer_totals": ["has 1 totals, and the table 2"],
    "totals_reconcile__fails_on_no_total_given": ["`total` for one, or `totals` for several"],
    "values_are_between__fails_on_no_bound_given": ["least", "most"],
}


def copy_project(folder: Path) -> Path:
    """A copy of the other project that has this repository installed as a local package."""
    project = folder / "project"
    shutil.copytree(PROJECT, project)
    packages = yaml.safe_dump({"packages": [{"local": str(ROOT)}]})
    (project / "packages.yml").write_text(packages, encoding="utf-8")
    # dbt() does not fit `dbt deps`, which knows no --target-path. A local package needs no network.
    command = ["deps", "--project-dir", str(project), "--profiles-dir", str(ROOT / "profiles")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        outcome = dbtRunner().invoke([*command, "--log-path", str(folder / "logs")])
    assert outcome.success, outcome.exception
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The other project, ready to run."""
    return copy_project(tmp_path_factory.mktemp("generic_tests"))


@pytest.fixture(scope="module")
def tested(project: Path) -> DbtRun:
    """What `dbt test` said after `dbt run`: after `dbt build`, failing tests would skip others."""
    database = project.parent / "built.duckdb"
    read = dbt("parse", database=database, project=project)
    assert read.ok, read.text
    kept = pickled(read.outcome.result)
    built = dbt("run", database=database, project=project, manifest=unpickled(kept))
    assert built.ok, built.text
    return dbt("test", database=database, project=project, manifest=unpickled(kept))


def results(run: DbtRun) -> dict[str, list[tuple[str, str]]]:
    """Model name -> status and message of each data test that is declared on it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for result in run.outcome.result or []:
        if result.node.resource_type == "test":
            model = result.node.attached_node.split(".")[-1]
            found.setdefault(model, []).append((str(result.status), result.message or ""))
    return found


def test_the_other_project_runs_nothing_else(tested: DbtRun) -> None:
    packages = {result.node.package_name for result in tested.outcome.result or []}
    assert packages == {"generic_tests_project"}


def test_each_case_has_one_data_test_that_ran(tested: DbtRun) -> None:
    ran = {model: len(found) for model, found in results(tested).items()}
    assert ran == dict.fromkeys(CASES, 1)


@pytest.mark.parametrize("case", CASES)
def test_case(tested: DbtRun, case: str) -> None:
    [(status, message)] = results(tested)[case]
    if "__holds" in case:
        assert status == "pass", message
    elif case in SENTENCES:
        assert status == "error", (status, message)
        # A long sentence may be broken into lines.
        sentence = " ".join(message.split())
        for part in SENTENCES[case]:
            assert part in sentence
    else:
        assert status == "fail", (status, message)


@pytest.mark.parametrize("test", TESTS)
def test_each_generic_test_has_a_case_that_holds_and_one_that_fails(test: str) -> None:
    outcomes = Counter(
        case.split("__")[1].split("_")[0] for case in CASES if case.split("__")[0] == test
    )
    assert set(outcomes) == {"holds", "fails"}


def test_each_case_and_each_sentence_belongs_to_a_generic_test() -> None:
    assert {case.split("__")[0] for case in CASES} <= set(TESTS)
    assert set(SENTENCES) <= set(CASES)


@pytest.mark.parametrize("test", TESTS)
def test_each_argument_is_used_by_a_case(test: str) -> None:
    source = (ROOT / "tests" / "generic" / f"{test}.sql").read_text(encoding="utf-8")
    [signature] = re.findall(rf"{{% test {test}\(model, (.*)\) %}}", source)
    arguments = set(re.findall(r"(?:^|, )(\w+)", signature))
    [path] = PROJECT.glob(f"models/{test}/{test}.yml*")
    models = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    used: set[str] = set()
    for model in models:
        for declared in model.get("data_tests", []):
            used |= set(declared[f"retention_ledger.{test}"].get("arguments", {}))
        for column in model.get("columns", []):
            used.add("column_name")
            for declared in column["data_tests"]:
                if isinstance(declared, dict):
                    used |= set(declared[f"retention_ledger.{test}"].get("arguments", {}))
    assert used == arguments


def test_defaults_are_those_of_the_policy(demo_database: Path, tmp_path: Path) -> None:
    settings = {name: value for changed, _ in DEFAULTS.values() for name, value in changed.items()}
    database = tmp_path / "built.duckdb"
    shutil.copy(demo_database, database)
    run = dbt(
        "test", "--select", *[f"test_name:{test}" for test in DEFAULTS],
        database=database, settings=settings,
    )  # fmt: skip
    said: dict[str, str] = {}
    for result in run.outcome.result or []:
        if result.node.resource_type != "test":
            continue
        name = result.node.test_metadata.name
        words = (result.message or result.node.compiled_code).split()
        said[name] = f"{said.get(name, '')} {' '.join(words)}"
    assert set(said) == set(DEFAULTS)
    for test, (_, part) in DEFAULTS.items():
        assert part in said[test], said[test]
