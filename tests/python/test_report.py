"""The report: what it shows is what the marts hold, it loads nothing, and text of the user's stays text."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_project import ROOT, Built, build, query, records
from typer.testing import CliRunner

from retention_ledger import report
from retention_ledger.cli import app, headline
from retention_ledger.database import find_build
from retention_ledger.errors import Stop
from retention_ledger.report import data, write_report
from retention_ledger.report.glossary import GLOSSARY
from retention_ledger.report.page import number

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
VENDOR = ROOT / "src" / "retention_ledger" / "report" / "vendor"
#: Addresses that stand in the page and are never asked for: namespaces and licences.
NAMES_ONLY = {
    "http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg", "http://www.w3.org/2000/xmlns/",
    "http://www.w3.org/XML/1998/namespace", "http://www.apache.org/licenses/LICENSE-2.0",
    "https://github.com/ecomfe/zrender/blob/master/LICENSE",
}  # fmt: skip
HOSTILE = "<script>window.broken = 1</script>&amp;'\"\\u003c</td>"


@pytest.fixture(scope="module")
def page_file(demo_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the demo."""
    return write_report(demo_database, tmp_path_factory.mktemp("report") / "report.html").file


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser without a window."""
    if CHROMIUM is None:
        pytest.skip("There is no chromium to open the report with: apt-get install chromium.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Opened:
    """A page in the browser, what it said and what it asked for."""

    def __init__(self, browser: Any, file: Path, address: str = "", width: int = 1280) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri() + address)
        self.page.wait_for_selector("html[data-drawn]", state="attached")

    def choose(self, **values: str) -> None:
        """Selects, and waits for nothing: the page draws within the event."""
        for name, value in values.items():
            if (name, value) != ("segment", "all"):  # the only value there is then
                self.page.select_option(f"#{name.replace('_', '-')}", value, timeout=5000)

    def text(self, selector: str) -> str:
        """The text of one element, as it is seen."""
        return " ".join(self.page.locator(selector).inner_text().split())

    def table(self, selector: str) -> list[list[str]]:
        """The cells of a table's body, open or not."""
        return self.page.evaluate(
            "selector => [...document.querySelectorAll(selector + ' tbody tr')].map(row => [...row.cells].map(cell => cell.textContent))",
            selector,
        )

    def tagged(self, name: str) -> list[dict[str, str]]:
        """The elements with an attribute data-<name>: what they say of themselves, and their text."""
        return self.page.evaluate(
            "name => [...document.querySelectorAll(`[data-${name}]`)].map(found => ({...found.dataset, text: found.textContent}))",
            name,
        )

    def series(self, chart: str) -> dict[str, list[Any]]:
        """Name -> values of the lines or bars that a chart has drawn."""
        return self.page.evaluate(
            """id => Object.fromEntries(echarts.getInstanceByDom(document.getElementById(id)).getOption().series.map(
                each => [each.name, each.data.map(value => value !== null && typeof value === 'object' ? value.value : value)]))""",
            chart,
        )


@pytest.fixture(scope="module")
def opened(browser: Any, page_file: Path) -> Opened:
    """The report of the demo, opened."""
    return Opened(browser, page_file)


# Numbers as the test writes them, from the decimals of the marts


def rounded(value: Any, decimals: int) -> str:
    if value is None:
        return "not known"
    text = f"{Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN):,}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "\N{MINUS SIGN}")


def percent(value: Any) -> str:
    return "not known" if value is None else rounded(Decimal(value) * 100, 1) + "%"


def whole(value: Any) -> str:
    return rounded(value, 0)


def money(value: Any) -> str:
    return rounded(value, 2)


def signed(text: str) -> str:
    return text if text.startswith("\N{MINUS SIGN}") else "+" + text


def expected(figure: dict[str, str], row: dict[str, Any]) -> str:
    """What should stand where the page says that it shows this figure."""
    kind, column = row["kind"], figure["column"]
    is_fraction = row["unit"] == "fraction"
    if column.startswith("relative_"):
        return signed(percent(row[column]))
    if column.startswith("change"):
        if is_fraction:
            return signed(rounded(row[column] * 100, 1))
        return signed(whole(row[column]) if kind == "count" else money(row[column]))
    if kind == "count":
        return whole(row[column])
    return percent(row[column]) if is_fraction else money(row[column])


KEY = ("metric", "basis", "grain", "start", "dimension", "segment")


@pytest.fixture(scope="module")
def values(demo_database: Path) -> dict[tuple[str, ...], dict[str, Any]]:
    """Every value of the slices that the tests look at, by what it is of; MRR that moved between plans too."""
    found = records(
        demo_database,
        """
        select v.metric, basis, period_grain, cast(period_start as varchar) as start, segment_dimension, segment_value, kind, d.unit,
            value, previous_value, change, relative_change, previous_year_value, change_year_over_year,
            relative_year_over_year_change, lower_95, upper_95, period_status
        from marts.metric_values as v inner join marts.metric_definitions as d on v.metric = d.metric
        where segment_value in ('all', 'GB', 'basic') and d.mart in ('retention_by_period', 'mrr_by_period', 'repeat_purchase_by_period')
        union all
        select 'transferred_mrr', 'subscriptions', period_grain, cast(period_start as varchar), segment_dimension, segment_value, 'money', 'amount',
            transferred_mrr, null, null, null, null, null, null, null, null, period_status
        from marts.mrr_by_period where segment_value in ('all', 'GB', 'basic')
        """,
    )
    names = ("metric", "basis", "period_grain", "start", "segment_dimension", "segment_value")
    return {tuple(row[name] for name in names): row for row in found}


VIEWS = [
    *({"basis": basis, "grain": grain, "dimension": "all", "segment": "all"} for basis, grain in (
        ("subscriptions", "month"), ("orders_window", "week"), ("orders_calendar", "quarter"), ("subscriptions", "year"), ("orders_calendar", "week"))),
    {"basis": "orders_window", "grain": "month", "dimension": "country", "segment": "GB"},
    {"basis": "subscriptions", "grain": "quarter", "dimension": "plan", "segment": "basic"},
]  # fmt: skip


def test_every_figure_shown_is_that_of_the_mart(opened: Opened, values: dict) -> None:
    """Read from the page for several selections, and compared with metric_values by what each says it is."""
    compared = set()
    for view in VIEWS:
        opened.choose(**view)
        figures = opened.tagged("metric")
        for figure in figures:
            if "start" not in figure:  # a metric that there is not by plan
                assert (view["dimension"], figure["text"]) == ("plan", "not known")
                continue
            key = tuple(figure[name] for name in KEY)
            assert figure["text"] == expected(figure, values[key]), figure
            assert (figure["grain"], figure["segment"]) == (view["grain"], view["segment"])
            compared.add((*key, figure["column"]))
        shown = {figure["metric"] for figure in figures}
        assert {"closing_mrr", "nrr"} <= shown
        assert ("repeat_purchase_rate" in shown) is (view["dimension"] != "plan")
    print(f"{len(compared):,} figures compared")
    assert len(compared) > 4000


def drawn_of(
    values: dict,
    starts: list[str],
    view: dict[str, str],
    metric: str,
    basis: str,
    column: str = "value",
    sign: int = 1,
) -> list[Any]:
    """What a chart should have at each of these periods."""
    places = (
        (metric, basis, view["grain"], start, view["dimension"], view["segment"])
        for start in starts
    )
    found = [values.get(place, {}).get(column) for place in places]
    return [
        None if value is None else pytest.approx(sign * float(value), abs=1e-9) for value in found
    ]


def test_what_is_drawn_is_what_the_tables_say(opened: Opened, values: dict) -> None:
    """The points and bars of each chart, against the mart; an interval is drawn from its lower end on."""
    for view in (VIEWS[0], VIEWS[5]):
        opened.choose(**view, rate="customer_churn_rate")
        grain = view["grain"]

        starts = sorted({key[3] for key in values if key[2] == grain})
        assert len(starts) == 48
        of = partial(drawn_of, values, starts, view)
        basis = view["basis"]
        drawn = opened.series("rate-chart")
        assert drawn["Customer churn rate"] == of("customer_churn_rate", basis)
        assert drawn["lower"] == of("customer_churn_rate", basis, "lower_95")
        assert opened.series("movements-chart") == {
            "New customers": of("new_customers", basis),
            "Reactivated customers": of("reactivated_customers", basis),
            "Churned customers": of("churned_customers", basis, sign=-1),
        }
        assert opened.series("bases-chart") == {
            "Subscriptions": of("retention_rate", "subscriptions"),
            "Orders, last 90 days": of("retention_rate", "orders_window"),
            "Orders, every month": of("retention_rate", "orders_calendar"),
        }
        assert opened.series("mrr-chart") == {"Closing MRR": of("closing_mrr", "subscriptions")}
        assert opened.series("revenue-chart")["Gross revenue retention"] == of(
            "grr", "subscriptions"
        )
        assert opened.series("repeat-chart")["Returning purchaser rate"] == of(
            "returning_purchaser_rate", "orders"
        )


def test_the_bridge_is_labelled_with_the_movements_of_its_period(
    opened: Opened, demo_database: Path
) -> None:
    opened.choose(**VIEWS[0], bridge_period="2025-09-01")
    [row] = query(
        demo_database,
        "select opening_mrr, new_mrr, reactivation_mrr, expansion_mrr, -contraction_mrr, -churn_mrr, closing_mrr from marts.mrr_by_period "
        "where period_grain = 'month' and period_start = date '2025-09-01' and segment_dimension = 'all'",
    )
    labels = [money(row[0]), *(signed(money(value)) for value in row[1:-1]), money(row[-1])]
    names = ("Opening", "New", "Reactivation", "Expansion", "Contraction", "Churned", "Closing")
    said = opened.page.get_attribute("#bridge-chart", "aria-label")
    assert said.endswith(
        ", ".join(f"{name} {label}" for name, label in zip(names, labels, strict=True)) + "."
    )
    drawn = opened.page.evaluate(
        "[...document.querySelectorAll('#bridge-chart text')].map(text => text.textContent)"
    )
    assert set(labels) <= set(drawn)


def test_cohorts_are_those_of_the_mart_and_what_nobody_has_observed_is_empty(
    opened: Opened, demo_database: Path
) -> None:
    for basis, metric, mart, size in (
        ("subscriptions", "mrr_retention_rate", "mrr_cohorts", "starting_mrr"), ("orders_window", "ordering_rate", "cohort_retention", "cohort_size"),
    ):  # fmt: skip
        opened.choose(**{**VIEWS[0], "basis": basis}, cohort_metric=metric)
        found = query(
            demo_database,
            f"select strftime(cohort_month, '%Y-%m'), months_since, {size}, {metric}, period_status from marts.{mart} "
            f"where segment_dimension = 'all' and cohort_month >= date '2024-01-01' {'' if mart == 'mrr_cohorts' else f'''and basis = '{basis}' '''}",
        )
        cells = {
            (cohort, str(since)): rounded(rate * 100, 1)
            for cohort, since, _, rate, status in found
            if status == "complete"
        }
        sizes = {
            (cohort, "size"): money(amount) if size == "starting_mrr" else whole(amount)
            for cohort, _, amount, _, _ in found
        }
        shown = {
            (cell["cohort"], cell["since"]): cell["text"] for cell in opened.tagged("cohort-metric")
        }
        assert shown == cells | {key: text for key, text in sizes.items() if (key[0], "0") in cells}
        # The 23 newest cohorts whose first month is over, a triangle; the cell after the last one is empty.
        assert len(shown) == 23 * 24 / 2 + 23
        assert (
            opened.page.locator("#cohort-table tbody tr").nth(1).locator("td").last.inner_text()
            == ""
        )


def test_who_left_is_counted_from_the_names(opened: Opened, demo_database: Path) -> None:
    opened.choose(**VIEWS[0])
    last = "basis = 'subscriptions' and period_grain = 'month' and period_start = date '2025-11-01'"
    plain = "replace(coalesce({}, 'not known'), '_', ' ')"
    for table, columns in (
        ("#reasons", ("churn_type", "cancel_reason")),
        ("#tenures", ("tenure_band",)),
    ):
        names = ", ".join(plain.format(column) for column in columns)
        found = query(
            demo_database,
            f"select {names}, count(*), sum(last_mrr) from marts.churned_customers where {last} group by all",
        )
        wanted = [[*row[:-2], whole(row[-2]), money(row[-1])] for row in found]
        assert sorted(opened.table(table)) == sorted(wanted)
    [(churned,)] = query(
        demo_database,
        f"select churned_customers from marts.retention_by_period where {last} and segment_dimension = 'all'",
    )
    assert sum(int(row[2]) for row in opened.table("#reasons")) == churned == 25
    losses = query(
        demo_database,
        f"select customer_id, last_mrr, net_revenue_to_date from marts.churned_customers where {last} "
        "order by last_mrr desc, net_revenue_to_date desc nulls last, customer_id limit 20",
    )
    assert [[row[0], *row[-2:]] for row in opened.table("#losses")] == [
        [name, money(mrr), money(revenue)] for name, mrr, revenue in losses
    ]


def test_the_other_tables_are_those_of_their_marts(opened: Opened, demo_database: Path) -> None:
    """Risk, its back-test, the prediction, profiles, findings, rejected rows, second purchases, days between."""
    opened.choose(**VIEWS[0])

    def rows(sql: str) -> list[tuple]:
        return query(demo_database, sql)

    risk = rows(
        "select customer_id, risk_score, value_at_risk, mrr_at_risk, silent_days from marts.customers_at_risk order by call_rank limit 20"
    )
    assert [[row[0], *row[2:]] for row in opened.table("#risk")] == [
        [name, percent(score), money(value), money(mrr), whole(days)]
        for name, score, value, mrr, days in risk
    ]
    check = rows(
        "select snapshot_on, customers, left_share, score_precision, silent_days_precision, score_lift, score_auc, best_by_lift from marts.risk_check where note is null order by 1 desc limit 6"
    )
    assert opened.table("#risk-check") == [
        [
            str(row[0]),
            whole(row[1]),
            *map(percent, row[2:5]),
            money(row[5]),
            money(row[6]),
            row[7].replace("_", " "),
        ]
        for row in check
    ]
    [(days, predicted, naive, actual, error, naive_error)] = rows(
        "select holdout_days, predicted_purchases, naive_purchases, actual_purchases, predicted_total_error, naive_total_error from marts.prediction_check"
    )
    said = opened.text("#prediction")
    for words in (
        f"Purchases of the {days} days",
        f"{whole(predicted)} predicted",
        f"{whole(naive)} by a naive",
        f"{whole(actual)} in fact",
        f": {percent(error)};",
        f"one: {percent(naive_error)}.",
    ):
        assert words in said
    profile = rows(
        "select trait_value, customers, churned_customers, customer_churn_rate, lower_95, upper_95, other_rate from marts.churned_customer_profile where is_distinct"
    )
    assert sorted(opened.table("#profile"), key=str) and len(opened.table("#profile")) == len(
        profile
    )
    assert sorted(
        [row[2].split(": ", 1)[1], *row[3:]] for row in opened.table("#profile")
    ) == sorted(
        [
            value,
            whole(n),
            whole(lost),
            f"{percent(rate)} {'higher' if rate > other else 'lower'}",
            f"{percent(low)} to {percent(high)}",
            percent(other),
        ]
        for value, n, lost, rate, low, high, other in profile
    )
    rejected = rows(
        "select source_table, replace(reason, '_', ' '), count(*) from marts.rejected_rows group by all"
    )
    assert sorted(opened.table("#rejected")) == sorted(
        [table, reason, whole(n)] for table, reason, n in rejected
    )
    [(finding, examples)] = rows("select what, examples from marts.intake_findings")
    assert finding in opened.text("#findings") and examples in opened.text("#findings")
    windows = rows(
        "select strftime(cohort_month, '%Y-%m'), window_days, window_repeat_rate from marts.repeat_purchase_by_cohort "
        "where segment_dimension = 'all' and cohort_month >= date '2025-01-01' and observed_customers > 0"
    )
    assert {
        (cell["windowCohort"], int(cell["window"])): cell["text"]
        for cell in opened.tagged("window")
    } == {(cohort, days): percent(rate) for cohort, days, rate in windows}
    [(number, *quartiles)] = rows(
        "select gaps, lower_quartile_days, median_days, upper_quartile_days from marts.time_between_purchases where segment_dimension = 'all'"
    )
    assert [cell["text"] for cell in opened.tagged("gap")] == [str(days) for days in quartiles]
    assert f"of {whole(number)} gaps" in opened.text("#gaps")
    said = opened.text("main")
    for mart, words in (
        ("rejected_rows", "raw rows were not accepted"),
        ("customers_at_risk", "active customers"),
    ):
        [(number,)] = rows(f"select count(*) from marts.{mart}")
        assert f"{whole(number)} {words}" in said


def test_no_other_rate_or_amount_is_in_the_page(opened: Opened) -> None:
    """What is left when everything that the tests above compare is taken out has no number with decimals."""
    opened.choose(**VIEWS[0])
    left = opened.page.evaluate(
        """() => {
            const copy = document.body.cloneNode(true);
            const compared = ['[data-metric]', '[data-cohort-metric]', '[data-window]', '[data-gap]', '.plot', '#definitions', '#findings', '#prediction', 'script',
                ...['reasons', 'tenures', 'losses', 'risk', 'risk-check', 'profile', 'rejected'].map(id => '#' + id + ' tbody')];
            copy.querySelectorAll(compared.join(',')).forEach(found => found.remove());
            return copy.textContent;
        }"""
    )
    left = left.replace("Apache License 2.0", "").replace(opened.text("#policy-version"), "")
    assert re.findall(r"\d+\.\d+|\d%", left.replace("95% interval", "")) == []


def test_it_opens_at_once_says_nothing_and_asks_for_nothing(browser: Any, page_file: Path) -> None:
    """The best of three, because other tests run at the same time."""
    times = []
    for _ in range(3):
        page = Opened(browser, page_file)
        times.append(
            page.page.evaluate(
                "performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart"
            )
        )
        assert page.said == []
        assert page.asked == [page_file.as_uri()]
        page.page.close()
    print(f"opened in {min(times)} ms")
    assert min(times) < 2000


def test_selectors_change_what_is_shown_and_stand_in_the_address(
    browser: Any, page_file: Path, opened: Opened
) -> None:
    opened.choose(**VIEWS[5])
    assert (
        "The last complete month is 2025-11. Shown: country: GB; active by: Orders, last 90 days."
        in opened.text("#selection")
    )
    address = opened.page.evaluate("location.hash")
    again = Opened(browser, page_file, address, width=390)
    for name, value in VIEWS[5].items():
        assert again.page.input_value(f"#{name}") == value
    assert again.text("#headline-customers") == opened.text("#headline-customers")
    # On a phone nothing but tables that scroll is wider than the screen.
    assert again.page.evaluate("document.documentElement.scrollWidth") == 390
    again.choose(basis="orders_calendar", grain="week")
    assert again.text("#retention-note") == "This rule of who is active has no periods of a week."
    again.choose(dimension="plan")
    assert again.text("#headline-purchases").startswith("Not by plan:")
    assert again.said == []
    # Addresses are somebody's text, too.
    assert (
        Opened(browser, page_file, "#basis=nothing&grain=%3Cb%3E").page.input_value("#grain")
        == "month"
    )
    again.page.close()


def test_partial_periods_are_marked_and_have_no_rate(opened: Opened) -> None:
    opened.choose(**VIEWS[0])
    assert (
        "2025-12 is partial (data through 2025-12-14): it has counts, and no rates."
        in opened.text("#selection")
    )
    rates, counts = opened.table("#rate-chart-table"), opened.table("#movements-chart-table")
    assert rates[0] == ["2025-12 (partial)", *["not known"] * 4]
    assert counts[0][0] == "2025-12 (partial)" and "not known" not in counts[0]
    assert (
        "Customer churn rate is not known: Null while the period is partial"
        in opened.page.text_content("#rate-chart-table")
    )
    assert "2025-12, paler and with a dashed edge, is partial" in opened.text(
        "#movements-chart-note"
    )


def test_each_figure_has_its_definition_one_click_away(opened: Opened, demo_database: Path) -> None:
    opened.choose(**VIEWS[0])
    links = opened.page.evaluate(
        "[...document.querySelectorAll('a.def')].map(link => [link.getAttribute('href').slice(1), document.getElementById(link.getAttribute('href').slice(1)) !== null])"
    )
    assert len(links) > 60 and all(is_there for _, is_there in links)
    opened.page.click("#headline-mrr a[href='#def-grr']")
    [(description, formula)] = query(
        demo_database,
        "select description, formula from marts.metric_definitions where metric = 'grr'",
    )
    said = opened.text("dialog#definition")
    assert description in said and formula in said
    opened.page.click("dialog#definition button")
    assert not opened.page.locator("dialog#definition").is_visible()
    # A name of figures that is no metric is a column that exists.
    columns = query(
        demo_database,
        "select table_name || '.' || column_name from information_schema.columns where table_schema = 'marts'",
    )
    assert {(name,) for name in GLOSSARY} <= set(columns)


def test_charts_have_words_and_tables_and_paper_has_no_selectors(opened: Opened) -> None:
    opened.choose(**VIEWS[0])
    unnamed = opened.page.evaluate(
        "[...document.querySelectorAll('.plot')].filter(plot => !plot.ariaLabel || !plot.closest('figure').querySelector('table')).map(plot => plot.id)"
    )
    assert unnamed == []
    assert opened.page.evaluate("document.querySelectorAll('h1').length") == 1
    opened.page.emulate_media(media="print")
    assert (
        not opened.page.locator("#selectors").is_visible()
        and opened.page.locator("#selection").is_visible()
    )
    opened.page.emulate_media(media="screen")


def test_the_page_says_which_build_it_is_of_and_is_small(
    page_file: Path, demo_database: Path
) -> None:
    text = page_file.read_text(encoding="utf-8")
    [(build_id,)] = query(demo_database, "select build_id from intermediate.int_data_held")
    [(version,)] = query(demo_database, "select distinct policy_version from marts.policy_settings")
    assert build_id is None or f'<dd id="build">{build_id}</dd>' in text
    assert f'id="policy-version">{version}</a>' in text and '<dd id="as-of">2025-12-14</dd>' in text
    assert page_file.stat().st_size < 3_000_000


def test_the_page_names_nothing_outside_itself(page_file: Path) -> None:
    text = page_file.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\s\"'<>)]+", text)) <= NAMES_ONLY
    assert not re.search(r"(src|srcset|href|action)=[\"']?(?![\"']?#)[\"']?(//|[a-z]+:)", text)
    assert not re.search(
        r"<(link|iframe|object|embed|img|base)\b|@import|url\(|\bfetch\(|XMLHttpRequest|WebSocket\(",
        text.replace(echarts(), ""),
    )
    assert "default-src 'none'" in text
    assert str(ROOT) not in text


def echarts() -> str:
    return (VENDOR / "echarts" / "echarts.common.min.js").read_text(encoding="utf-8")


def test_the_library_is_the_one_that_is_noted_and_travels_with_the_package() -> None:
    noted = re.findall(r"[0-9a-f]{64}", (VENDOR / "README.md").read_text())
    assert [
        hashlib.sha256((VENDOR / "echarts" / "echarts.common.min.js").read_bytes()).hexdigest()
    ] == noted
    from hatchling.builders.wheel import WheelBuilder

    carried = {each.distribution_path for each in WheelBuilder(str(ROOT)).recurse_included_files()}
    for file in (
        "vendor/echarts/echarts.common.min.js", "vendor/echarts/LICENSE", "vendor/echarts/NOTICE", "vendor/echarts/LICENSE-d3",
        "assets/report.css", "assets/report.js", "templates/page.html",
    ):  # fmt: skip
        assert f"retention_ledger/report/{file}" in carried


# Other data


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Subscriptions only, in euros, without a prediction; names of customers, countries and plans are HTML."""
    quoted = HOSTILE.replace('"', '""')
    rows = [
        f'S{n},"c{n}{quoted}",2024-0{1 + n % 6}-01,{f"2024-0{4 + n % 5}-15" if n % 2 else ""},"{"pro" if n % 4 else "basic" + quoted}",{10 + n}'
        for n in range(20)
    ]
    customers = [f'"c{n}{quoted}","{"DE" if n % 3 else "IT" + quoted}",consumer' for n in range(20)]
    return build(
        tmp_path_factory.mktemp("hostile"),
        {
            "raw_tables": ["customers", "subscriptions"], "as_of_date": "2024-09-10", "reporting_currency": "EUR",
            "raw_columns": {
                "customers": {"email": None, "signed_up_at": None, "acquisition_channel": None},
                "subscriptions": {"cancel_requested_on": None, "cancel_reason": None, "updated_at": None, "currency": None},
            },
        },
        {
            "subscriptions.csv": "\n".join(["subscription_id,customer_id,started_on,ended_on,plan,monthly_amount", *rows]) + "\n",
            "customers.csv": "\n".join(["customer_id,country,customer_segment", *customers]) + "\n",
        },
        select=tuple(f"+{mart}" for mart in report.MARTS),
    )  # fmt: skip


def test_names_that_are_html_stay_text_and_what_is_not_there_is_said(
    browser: Any, hostile: Built, tmp_path: Path
) -> None:
    written = write_report(hostile.database, tmp_path / "report.html")
    text = written.file.read_text(encoding="utf-8")
    assert "<script>window" not in text and text.count("<script") == 3 + echarts().count("<script")
    page = Opened(browser, written.file)
    assert page.said == [] and page.page.evaluate("window.broken") is None
    assert {row[0] for row in page.table("#risk")} <= {f"c{n}{HOSTILE}" for n in range(20)}
    assert page.text("#build").startswith("written in place by dbt") and "EUR" in page.text(
        ".facts"
    )
    assert (
        page.text("#headline-purchases")
        == "There are no purchases: the data has no table of orders."
    )
    assert page.text("#repeat-note") == "There are no purchases: the data has no table of orders."
    said = page.text("main")
    assert "There are no scores yet: run retention-ledger predict." in said
    # No score is not a score of 0.
    assert all(row[2:5] == ["not known"] * 3 for row in page.table("#risk"))
    segments = hostile.query(
        "select distinct segment_dimension, segment_value from marts.mrr_by_period where segment_value ilike '%script%'"
    )
    assert {dimension for dimension, _ in segments} == {"country", "plan"}
    for dimension, segment in segments:
        page.choose(dimension=dimension, segment=segment, grain="month")
        assert f"{dimension}: {segment}" in page.page.text_content("#selection")
        [mrr] = hostile.query(
            "select closing_mrr from marts.mrr_by_period where is_latest_complete_period and period_grain = 'month' "
            f"and segment_dimension = '{dimension}' and segment_value ilike '%script%'"
        )
        assert page.text("#headline-mrr").startswith(f"Closing MRR {money(*mrr)}")
    page.choose(dimension="all", grain="quarter")
    assert {row[0] for row in page.table("#losses")} and page.table("#losses")[0][0].endswith(
        HOSTILE
    )
    page.page.hover("#left-chart", position={"x": 300, "y": 20})
    assert page.said == [] and page.page.evaluate("window.broken") is None
    page.page.close()


@pytest.fixture(scope="module")
def orders_only(demo_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The marts of the demo as they are without subscriptions, in schemas of another name, with two restatements."""
    database = tmp_path_factory.mktemp("orders_only") / "shop.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"attach '{demo_database}' as demo (read_only); create schema shop_marts; create schema shop_helpers"
        )
        for mart in report.MARTS:
            columns = [
                name for name, *_ in connection.execute(f"describe demo.marts.{mart}").fetchall()
            ]
            where = "basis <> 'subscriptions'" if "basis" in columns else "true"
            if mart.startswith("mrr_"):
                where = "false"
            connection.execute(
                f"create table shop_marts.{mart} as select * from demo.marts.{mart} where {where}"
            )
        connection.execute(
            "create table shop_helpers.int_data_held as select * from demo.intermediate.int_data_held"
        )
        [(relations,)] = connection.execute(
            "select relations from shop_helpers.int_data_held"
        ).fetchall()
        schemas = {"marts": "shop_marts", "intermediate": "shop_helpers"}
        moved = {
            model: [schemas.get(schema, schema), name]
            for model, (schema, name) in json.loads(relations).items()
        }
        connection.execute(
            "update shop_helpers.int_data_held set relations = ?", [json.dumps(moved)]
        )
        connection.execute("delete from shop_marts.intake_findings")
        for metric, old, new, cause, why in (
            ("customer_churn_rate", 0.1, None, "rows_late", "1 row of orders arrived late"), ("net_revenue", 1234.5, 1200, "unexplained", None),
        ):  # fmt: skip
            connection.execute(
                """
                insert into shop_marts.metric_restatements by name select ? as metric, 'orders_window' as basis, 'month' as period_grain, date '2025-09-01' as period_start,
                    date '2025-09-30' as period_end, 'all' as segment_dimension, 'all' as segment_value, ? as cause, ? as explanation,
                    'before' as old_build, ? as old_value, ? as new_value, timestamp '2025-12-15 08:00:00' as restated_at, 'x' as policy_version
                """,
                [metric, cause, why, old, new],
            )
    return database


def test_orders_only_and_restatements_in_schemas_of_another_name(
    browser: Any, orders_only: Path, tmp_path: Path
) -> None:
    page = Opened(browser, write_report(orders_only, tmp_path / "report.html", customers=0).file)
    assert (
        page.text("#mrr-note")
        == "There is no recurring revenue: the data has no table of subscriptions."
    )
    assert page.page.input_value("#basis") == "orders_window"
    assert page.text("#headline-customers").startswith("Customer retention rate 89.9%")
    assert sorted(page.table("#restatements")) == [
        [
            "Customer churn rate, orders window",
            "2025-09",
            "all",
            "10.0%",
            "not known",
            "rows late: 1 row of orders arrived late",
        ],
        [
            "Net revenue, orders window",
            "2025-09",
            "all",
            "1,234.50",
            "1,200.00",
            "unexplained: nothing explains it",
        ],
    ]
    said = page.text("main")
    assert "Nothing in the raw data is suspicious." in said
    assert "This page was written without names of customers (--customers 0)." in said
    assert not re.search(r"C0\d{4}", page.page.content())
    assert page.said == []
    page.page.close()


def test_a_page_stays_small_whatever_the_number_of_segments_and_days(orders_only: Path) -> None:
    """Countries, weeks and cohorts beyond those that the page has are counted, and left out."""
    with duckdb.connect(str(orders_only), read_only=True) as connection:
        held = find_build(connection, orders_only)
        reader = data.Reader(connection, held, 5)
        assert len(reader.periods["week"]) == 53 and len(reader.periods["month"]) == 48
        assert reader.left_out == {}
        reader.rows = lambda sql, *_: [  # 300 countries
            {"segment_dimension": "country", "segment_value": f"C{n}", "size": 300 - n} for n in range(300)
        ]  # fmt: skip
        slices, left_out = reader.read_slices()
    assert slices == {"country": [f"C{n}" for n in range(8)]} and left_out == {"country": 292}


def test_numbers_are_rounded_alike_in_python_and_in_the_browser(browser: Any) -> None:
    """Whole numbers of the smallest unit, a half to the even digit, and no minus before a zero."""
    script = (VENDOR.parent / "assets" / "report.js").read_text(encoding="utf-8")
    [function] = re.findall(r"  function fixed\(.*?\n  }\n", script, re.S)
    cases = [
        (value, scale, decimals)
        for value in (0, 1, -1, 4, 5, 6, 50, -50, 62500, -62500, 187500, 999950, 1234567, -3547376, 2**53 + 1)
        for scale, decimals in ((0, 0), (2, 2), (4, 1), (6, 2))
    ]  # fmt: skip
    page = browser.new_page()
    written = page.evaluate(
        f"cases => {{ const MINUS = '\\u2212'; {function} return cases.map(([value, scale, decimals]) => fixed(value, scale, decimals)) }}",
        [[str(value), scale, decimals] for value, scale, decimals in cases],
    )
    page.close()
    assert written == [
        number(Decimal(value).scaleb(-scale), decimals) for value, scale, decimals in cases
    ]
    # 1 of 16, in the report and in `show`.
    assert (number(Decimal("6.25"), 1), headline.percent(Decimal("0.062500"))) == ("6.2", "6.2%")


def test_large_and_negative_numbers_keep_every_digit() -> None:
    """JavaScript would round what is beyond 2^53: it goes as text."""
    assert data.scaled(Decimal("90071992547409.93"), 2) == str(2**53 + 1)
    assert data.scaled(Decimal("-0.125000"), 6) == -125000 and data.scaled(None, 6) is None


def test_faults_are_sentences(tmp_path: Path, demo_database: Path, hostile: Built) -> None:
    with pytest.raises(Stop, match=r"There is no database .* yet"):
        write_report(tmp_path / "nothing.duckdb")
    with pytest.raises(Stop, match=r"is a folder; name a file, such as"):
        write_report(demo_database, tmp_path)
    with pytest.raises(Stop, match=r"There is no folder .* to put the report report.html into"):
        write_report(demo_database, tmp_path / "none" / "report.html")
    with pytest.raises(Stop, match=r"would overwrite the database"):
        write_report(demo_database, demo_database)
    half = tmp_path / "half.duckdb"
    shutil.copy(hostile.database, half)
    with duckdb.connect(str(half)) as connection:
        connection.execute("drop table marts.mrr_cohorts")
    with pytest.raises(Stop, match=r"is not complete, there is no marts.mrr_cohorts"):
        write_report(half)
    with duckdb.connect(str(half)) as connection:
        connection.execute("update intermediate.int_data_held set last_build = 'failed'")
    with pytest.raises(Stop, match=r"The last build of the database .* failed"):
        write_report(half)
    assert not list(tmp_path.glob("*.html"))


def test_the_commands_say_what_they_wrote_and_where(
    orders_only: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_LEDGER_DB", "")
    monkeypatch.chdir(tmp_path)
    database = tmp_path / "shop.duckdb"
    shutil.copy(orders_only, database)
    [(build_id,)] = query(database, "select build_id from shop_helpers.int_data_held")
    of_build = (
        f"build {build_id}" if build_id else "tables that dbt wrote in place, of no published build"
    )
    options = ["--database", str(database), "--project-dir", str(ROOT)]
    said = CliRunner().invoke(app, ["report", *options, "--customers", "3"]).stdout
    assert re.search(
        rf"The report is in shop_report\.html \(\d\.\d MB, {re.escape(of_build)}\): one file", said
    )
    assert (
        "at most 3 customers are named in a list" in said
        and (tmp_path / "shop_report.html").exists()
    )
    said = (
        CliRunner()
        .invoke(
            app, ["export", *options, "--format", "csv", "--select", "published_builds mrr_cohorts"]
        )
        .stdout
    )
    assert re.search(
        rf"2 marts with \d rows are in shop_export \(0\.0 MB, {re.escape(of_build)}\)", said
    )
    assert {file.name for file in (tmp_path / "shop_export").iterdir()} == {
        "published_builds.csv",
        "mrr_cohorts.csv",
        "export.json",
    }
