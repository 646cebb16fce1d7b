"""The pages of the metrics: nobody has to know our names, no example is wrong, every link leads somewhere, all offline."""

import importlib
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt_project import ROOT, query
from rich.console import Console

from retention_ledger.cli.dbt import Dbt, Outcome
from retention_ledger.cli.project import find_project
from retention_ledger.errors import Stop
from retention_ledger.semantic import Metric, definitions
from retention_ledger.site import pages as site
from retention_ledger.site.pages import Page, evaluated, inputs_of, names_in, pages_of, worked_rows

GENERIC_TESTS = ROOT / "tests" / "generic"

#: What comes out of the worked rows, worked out by hand.
RESULTS = {
    "retention_by_period": {
        "opening_customers": 100, "new_customers": 20, "reactivated_customers": 4, "churned_customers": 10, "transient_customers": 2,
        "interrupted_customers": 3, "acquired_customers": 22, "retained_customers": 90, "closing_customers": 114, "start_events": 29,
        "churn_events": 15, "customer_churn_rate": 0.1, "retention_rate": 0.9, "gross_churn_rate": 0.12, "net_churn_rate": -0.14,
        "event_churn_rate": 0.15, "win_back_rate": 0.1, "growth_rate": 0.14, "acquisition_rate": 0.22, "stripe_subscriber_churn_rate": 15 / 122,
        "midpoint_churn_rate": 15 / 107, "first_time_only_crr": 0.94, "active_over_active_rate": 1.14,
    },
    "mrr_by_period": {
        "opening_mrr": 100, "new_mrr": 7, "reactivation_mrr": 3, "expansion_mrr": 10, "contraction_mrr": 12, "churn_mrr": 8,
        "closing_mrr": 100, "annual_run_rate": 1200, "paying_customers": 10, "grr": 0.8, "nrr": 0.9, "mrr_churn_rate": 0.2,
        "net_mrr_churn_rate": 0.1, "chartmogul_net_mrr_churn_rate": 0.07, "trailing_grr": 0.75, "trailing_nrr": 1.1,
        "trailing_logo_churn_rate": 0.25, "voluntary_churned_customers": 1, "involuntary_churned_customers": 1, "expired_churned_customers": 1,
        "voluntary_churn_mrr": 5, "involuntary_churn_mrr": 2, "expired_churn_mrr": 1, "voluntary_churn_rate": 0.1,
        "involuntary_churn_rate": 0.1, "expired_churn_rate": 0.1, "voluntary_mrr_churn_rate": 0.05, "involuntary_mrr_churn_rate": 0.02,
        "expired_mrr_churn_rate": 0.01, "downgrade_rate": 0.2, "quick_ratio": 1, "mrr_growth_rate": 0, "arpa": 10, "average_new_mrr": 3.5,
        # 3,650 days of MRR are 10 years, that is 120 months, of which 60% over 3 is 24.
        "subscription_lifetime_value": 24,
    },
    "plan_movements_by_period": {"plan_churn_rate": 0.1, "plan_exit_rate": 0.25, "plan_grr": 0.7, "plan_nrr": 0.825},
    "repeat_purchase_by_period": {
        "purchasers": 80, "first_time_purchasers": 30, "returning_purchasers": 50, "orders": 100, "gross_revenue": 5000, "refunds": 400,
        "net_revenue": 4600, "repeat_purchase_rate": 0.45, "in_period_repeat_rate": 0.2, "returning_purchaser_rate": 0.625,
        "average_order_value": 50, "purchase_frequency": 1.25, "net_revenue_per_purchaser": 57.5, "refund_rate": 0.08,
    },
    "repeat_purchase_by_cohort": {"window_repeat_rate": 0.25},
    "cohort_retention": {
        "ordering_rate": 0.4, "active_rate": 0.5, "ordering_or_later_rate": 0.6, "revenue_retention_rate": 0.4,
        "cumulative_revenue_per_customer": 90,
    },
    "mrr_cohorts": {"mrr_retention_rate": 0.9},
    "onboarding_by_month": {"new_last_month_customers": 40, "onboarding_churn_rate": 0.25, "onboarding_repeat_rate": 0.25},
    "lifetime_value_by_period": {"period_lifetime_value": 600},
    "acquisition_cost_by_period": {"customer_acquisition_cost": 50},
}  # fmt: skip

#: What people type, and the metrics that they mean.
SEARCHES = {
    "logo churn": "customer_churn_rate", "customer churn": "customer_churn_rate", "attrition": "customer_churn_rate",
    "GDR": "grr", "gross dollar retention": "grr", "NDR": "nrr", "net dollar retention": "nrr", "ARPU": "arpa", "ARPA": "arpa",
    "AOV": "average_order_value", "CRR": "retention_rate", "CLV": "subscription_lifetime_value", "LTV": "period_lifetime_value",
    "CAC": "customer_acquisition_cost", "ARR": "annual_run_rate", "MRR": "closing_mrr", "winback": "win_back_rate",
    "win-back": "win_back_rate", "reactivation rate": "win_back_rate", "resurrected": "reactivated_customers", "downgrade": "contraction_mrr",
    "repeat customer rate": "repeat_purchase_rate", "returning customer": "returning_purchaser_rate", "user churn": "gross_churn_rate",
    "TTM NRR": "trailing_nrr", "stripe": "stripe_subscriber_churn_rate", "failed-payment churn": "involuntary_churn_rate",
    "net revenue retention": "nrr", "gross_churn_rate": "gross_churn_rate",
}  # fmt: skip


class Links(HTMLParser):
    """The addresses that a page names, and what a reader without script sees."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.scripts: list[dict] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [
            given[name] for name in ("href", "src", "srcset", "action") if given.get(name)
        ]
        if tag == "script":
            self.scripts.append(given)


@pytest.fixture(scope="module")
def catalogue(demo_database: Path) -> list[Metric]:
    return definitions(demo_database)


@pytest.fixture(scope="module")
def pages(catalogue: list[Metric], demo_manifest: Manifest) -> dict[str, Page]:
    proves = site.what_generic_tests_prove(GENERIC_TESTS)
    return {page.name: page for page in pages_of(catalogue, demo_manifest, proves)}


@pytest.fixture(scope="module")
def written(
    catalogue: list[Metric], demo_manifest: Manifest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of the pages, with a page of dbt's that says nothing."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "static_index.html").write_text("<!doctype html>")
    site.write(
        catalogue, demo_manifest, folder / "site", folder / "static_index.html", GENERIC_TESTS
    )
    return folder / "site"


def test_every_worked_example_is_what_the_formula_and_its_sql_give(
    catalogue: list[Metric], pages: dict[str, Page]
) -> None:
    rows = worked_rows()
    assert {metric.mart: set() for metric in catalogue}.keys() == rows.keys() == RESULTS.keys()
    assert {name for results in RESULTS.values() for name in results} == set(pages)
    for metric in catalogue:
        row, expected = rows[metric.mart], RESULTS[metric.mart][metric.metric]
        assert evaluated(metric.formula, row) == pytest.approx(expected), metric.metric
        sql = (
            metric.numerator
            if metric.denominator is None
            else f"({metric.numerator}) / ({metric.denominator})"
        )
        # The margin of the demo stands in the SQL as a number.
        if "gross_margin_rate" not in metric.formula:
            assert evaluated(sql, row) == pytest.approx(expected), metric.metric
        assert pages[metric.metric].result.split(" ")[0] == site.number(expected)
        assert not site.IDENTIFIER.findall(pages[metric.metric].substituted)
    # No column that no formula has.
    for mart, row in rows.items():
        used = {name for metric in catalogue if metric.mart == mart for name in inputs_of(metric)}
        assert set(row) - {"says"} == used


def test_the_worked_rows_are_rows_that_can_be() -> None:
    rows = worked_rows()
    row = rows["retention_by_period"]
    assert (
        row["closing_customers"]
        == row["opening_customers"]
        + row["new_customers"]
        + row["reactivated_customers"]
        - row["churned_customers"]
    )
    assert row["retained_customers"] == row["opening_customers"] - row["churned_customers"]
    assert (
        row["start_events"] - row["churn_events"]
        == row["closing_customers"] - row["opening_customers"]
    )
    assert (
        row["churn_events"]
        == row["churned_customers"] + row["transient_customers"] + row["interrupted_customers"]
    )
    row = rows["mrr_by_period"]
    gained = row["new_mrr"] + row["reactivation_mrr"] + row["expansion_mrr"]
    assert (
        row["closing_mrr"]
        == row["opening_mrr"] + gained - row["contraction_mrr"] - row["churn_mrr"]
    )
    assert row["churn_mrr"] == sum(
        row[f"{kind}_churn_mrr"] for kind in ("voluntary", "involuntary", "expired")
    )
    assert row["annual_run_rate"] == 12 * row["closing_mrr"]
    row = rows["repeat_purchase_by_period"]
    assert row["purchasers"] == row["first_time_purchasers"] + row["returning_purchasers"]
    assert row["net_revenue"] == row["gross_revenue"] - row["refunds"]


def test_a_metric_without_an_example_is_refused(catalogue: list[Metric]) -> None:
    metric = Metric(catalogue[0], mart="retention_by_period", formula="churned_customers / nobody")
    with pytest.raises(
        Stop, match=r"no worked example: the row retention_by_period .* has no nobody"
    ):
        site.example(metric)
    with pytest.raises(Stop, match="no heading for another_mart"):
        pages_of([Metric(metric, mart="another_mart")], None, {})


@pytest.mark.parametrize("typed", SEARCHES)
def test_who_knows_another_name_finds_the_metric(pages: dict[str, Page], typed: str) -> None:
    words = typed.lower().split()
    found = [name for name, page in pages.items() if all(word in page.searched for word in words)]
    assert SEARCHES[typed] in found and len(found) < 40


def test_names_within_brackets_are_one_name() -> None:
    assert names_in("GRR, Recurly churn (with, or without), GDR") == [
        "GRR",
        "Recurly churn (with, or without)",
        "GDR",
    ]
    assert names_in("") == []


def test_every_metric_is_guarded_and_by_tests_that_are_there(
    pages: dict[str, Page], demo_manifest: Manifest
) -> None:
    nodes = [*demo_manifest.nodes.values(), *demo_manifest.unit_tests.values()]
    paths = {node.original_file_path for node in nodes}
    for page in pages.values():
        assert page.guards["metric"] or page.guards["inputs"], page.name
        assert all(guard.path in paths for guards in page.guards.values() for guard in guards)
    churn = pages["customer_churn_rate"].guards
    assert {"the_worked_month", "rates_add_up", "values_are_between"} <= {
        guard.name for guard in churn["metric"]
    }
    assert "balance_adds_up" in {guard.name for guard in churn["inputs"]}
    assert "unique_combination" in {guard.name for guard in churn["mart"]}
    [rates] = [guard for guard in churn["metric"] if guard.name == "rates_add_up"]
    assert rates.proves.startswith("Rates that complete each other")
    assert "grr_keeps_the_smaller_of_opening_and_closing" in {
        guard.name for guard in pages["grr"].guards["metric"]
    }
    # A test of other columns is none of the metric.
    assert "rates_add_up" not in {guard.name for guard in pages["win_back_rate"].guards["metric"]}


def test_the_columns_of_a_page_are_those_of_the_marts(
    demo_database: Path, pages: dict[str, Page]
) -> None:
    built = set(
        query(
            demo_database,
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts'",
        )
    )
    named = {place for page in pages.values() for place in page.columns}
    assert named <= built and len(named) > 150
    for mart, metric in query(
        demo_database, "select mart, metric from marts.metric_definitions where is_column"
    ):
        assert pages[metric].columns[0] == (mart, metric)
    assert ("business_cells", "paying_customers") in pages["paying_customers"].columns


def test_every_link_leads_to_a_page(written: Path, pages: dict[str, Page]) -> None:
    files = sorted(written.rglob("*.html"))
    assert {path.stem for path in files} == {*pages, "index", "lineage"}
    reached = set()
    for path in files:
        for link in Links(path.read_text()).found:
            target = (path.parent / link).resolve()
            assert target.is_file(), (path.name, link)
            reached.add(target.stem)
    assert reached == {path.stem for path in files}


def test_the_pages_need_no_network_and_only_the_search_a_script(written: Path) -> None:
    for path in written.rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"(src|href)=.?(https?:)?//|@import|url\(", text), path.name
        scripts = Links(text).scripts
        assert scripts == ([{}] if path.stem == "index" else []), path.name
    index = (written / "index.html").read_text()
    # Without a script all metrics are shown, and no field that would do nothing.
    assert (
        '<div id="search" hidden>' in index
        and index.count("<li data-words=") == 88
        and "<li hidden" not in index
    )


def test_the_command_writes_them_beside_the_page_of_dbt(
    demo_database: Path, demo_manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what dbt has read already, and a page of dbt that was written already."""

    class Read(Dbt):
        def read(self) -> None:
            self.manifest = demo_manifest

        def run(self, *command: str, **named: object) -> Outcome:
            assert command == ("docs", "generate", "--static")
            return Outcome(True, None, None)

    command = importlib.import_module("retention_ledger.cli.docs")
    monkeypatch.setattr(command, "Dbt", Read)
    monkeypatch.setenv("RETENTION_LEDGER_DB", str(demo_database))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    project = find_project(ROOT)
    said = io.StringIO()
    arguments = (Console(file=said), project, demo_database, tmp_path / "docs", None, False)
    with pytest.raises(Stop, match=r"cannot be written to .*: No such file"):
        command.docs(*arguments)
    (tmp_path / "static_index.html").write_text("<!doctype html>")
    command.docs(*arguments)
    assert "88 metrics, and the lineage of the models: " in said.getvalue()
    assert len(list((tmp_path / "docs").rglob("*.html"))) == 90


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no chromium here")
def test_a_browser_shows_what_is_searched(written: Path, pages: dict[str, Page]) -> None:
    for typed in ("logo churn", "NDR", "nothing of that name"):
        address = f"{(written / 'index.html').as_uri()}?q={typed.replace(' ', '+')}"
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", address],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        shown = re.findall(r'<li data-words="[^"]*">\s*<a href="metrics/(\w+)', done.stdout)
        words = typed.lower().split()
        assert shown == [
            name for name, page in pages.items() if all(word in page.searched for word in words)
        ]
        assert f"{len(shown)} of 88 metrics" in done.stdout


def test_the_page_of_dbt_needs_no_network_either() -> None:
    text = resources.files("dbt.task.docs").joinpath("index.html").read_text("utf-8")
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.?(https?:)?//", text)


def test_words_of_the_catalogue_are_shown_as_they_are(pages: dict[str, Page]) -> None:
    assert site.as_code("over `a` < 1") == "over <code>a</code> &lt; 1"
    assert pages["quick_ratio"].metric.unit == "ratio"
    assert [site.number(value, "fraction") for value in (0.1, -0.14, 1.0)] == [
        "0.1 (10%)",
        "-0.14 (-14%)",
        "1 (100%)",
    ]
    assert [site.number(value) for value in (3650, 57.5, 0.140187, 1200.0)] == [
        "3,650",
        "57.5",
        "0.140187",
        "1,200",
    ]
