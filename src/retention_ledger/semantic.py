"""The semantic layer, written from the catalogue: what MetricFlow is told of the marts.

`python -m retention_ledger.semantic` (`make semantic`) reads the metric definitions of a built database and writes the YAML of
models/marts/semantic and the lists of docs/semantic_layer.md. A test holds the files to what this would write.

Two semantic models, because two kinds of question can be answered without a wrong number:

- `slices`: one row per basis, grain, period and segment, with every metric that has a row per period. A row is picked,
  never added up; where a question leaves open which row, the answer is null.
- `cells`: months by all customer attributes at once, with what adds up over months, or is taken from the first or the
  last of them. Here `metric_time` is the period.
"""

import sys
from pathlib import Path

from retention_ledger.database import Place, find_build, opened

#: Grain -> the column that its metrics are asked by.
GRAINS = ("week", "month", "quarter", "year")

#: Attributes that a slice or a cell can be asked by; others by segment_dimension and segment_value.
ATTRIBUTES = ("country", "acquisition_channel", "customer_segment")

#: Of cells, by how the periods of one year make the year.
ADDITIVE = (
    "acquired_customers", "start_events", "churn_events", "first_time_purchasers", "orders", "gross_revenue",
    "refunds", "net_revenue",
)  # fmt: skip
OF_THE_FIRST = ("opening_customers", "opening_mrr")
OF_THE_LAST = ("closing_customers", "closing_mrr", "paying_customers")

OVER_TIME = (*ADDITIVE, *OF_THE_FIRST, *OF_THE_LAST)

#: Bases of marts that have one: nobody need name it.
BASIS_OF_MART = {"mrr_by_period": "subscriptions", "repeat_purchase_by_period": "orders"}

#: Why a mart's metrics, which have no row per period, are not in the layer.
WITHOUT_PERIODS = {
    "cohort_retention": "a cell is a cohort and the months since; two cells of a year make no figure of the year",
    "mrr_cohorts": "a cell is a cohort and the months since; two cells of a year make no figure of the year",
    "repeat_purchase_by_cohort": "the window, not the period, says how long customers were followed",
    "plan_movements_by_period": "who moves between plans is in the movements of both; by plan only, which no other metric has",
}

HEADER = (
    "# Written from the catalogue (macros/metrics) by `make semantic`: change it there, or in {}.\n"
)
SOURCE = "src/retention_ledger/semantic.py"


#: Below the columns of metrics_by_slice.
UNIT_TEST = """
unit_tests:
  - name: metrics_of_a_slice_and_period_stand_side_by_side
    model: metrics_by_slice
    given:
      - input: ref('int_as_of_date')
        rows:
          - {as_of_date: 2024-03-02}
      - input: ref('metric_values')
        rows:
          - {metric: closing_customers, basis: orders_window, period_grain: month, period_start: 2024-02-01, segment_dimension: all, segment_value: all, value: 5}
          - {metric: retention_rate, basis: orders_window, period_grain: month, period_start: 2024-02-01, segment_dimension: all, segment_value: all, value: 0.8}
          # Another segment, another grain, another basis.
          - {metric: closing_customers, basis: orders_window, period_grain: month, period_start: 2024-02-01, segment_dimension: country, segment_value: GB, value: 3}
          - {metric: closing_customers, basis: orders_window, period_grain: quarter, period_start: 2024-01-01, segment_dimension: all, segment_value: all, value: 6}
          - {metric: closing_mrr, basis: subscriptions, period_grain: month, period_start: 2024-02-01, segment_dimension: all, segment_value: all, value: 99.5}
          - {metric: grr, basis: subscriptions, period_grain: month, period_start: 2024-02-01, segment_dimension: all, segment_value: all, value: null}
    expect:
      rows:
        - {basis: orders_window, period: month from 2024-02-01, segment_value: all, closing_customers: 5, retention_rate: 0.8, closing_mrr: null, grr: null, as_of_date: 2024-03-02}
        - {basis: orders_window, period: month from 2024-02-01, segment_value: GB, closing_customers: 3, retention_rate: null, closing_mrr: null, grr: null, as_of_date: 2024-03-02}
        - {basis: orders_window, period: quarter from 2024-01-01, segment_value: all, closing_customers: 6, retention_rate: null, closing_mrr: null, grr: null, as_of_date: 2024-03-02}
        - {basis: subscriptions, period: month from 2024-02-01, segment_value: all, closing_customers: null, retention_rate: null, closing_mrr: 99.5, grr: null, as_of_date: 2024-03-02}
"""


class Metric(dict):
    """A row of metric_definitions, column -> value; `by_period` says whether metric_values has it."""

    def __getattr__(self, name: str) -> str:
        return self[name]


def definitions(database: Place, schema: str | None = None) -> list[Metric]:
    """The metrics of a built database, as its marts define them, in the order of marts and names.

    Of several builds in one file, `schema` names one.
    """
    with opened(database) as connection:
        build = find_build(connection, database, schema)
        cursor = connection.execute(
            f"""
            select *, metric in (select metric from {build.table("metric_values")}) as by_period
            from {build.table("metric_definitions")} order by mart, metric
            """
        )
        names = [column[0] for column in cursor.description]
        return [Metric(zip(names, row, strict=True)) for row in cursor.fetchall()]


def text(value: str) -> str:
    """A YAML string in double quotes, which dbt does not take for Jinja."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def dimension(name: str, entity: str = "slice") -> str:
    """A dimension as the filters of MetricFlow name it."""
    return f"{{{{ Dimension('{entity}__{name}') }}}}"


def categorical(name: str, description: str, expression: str | None = None) -> str:
    """The YAML of a dimension that cannot be truncated to anything coarser."""
    parts = [f"name: {name}", "type: categorical", f"description: {text(description)}"]
    if expression:
        parts.append(f"expr: {text(expression)}")
    return f"      - {{{', '.join(parts)}}}\n"


def slices(metrics: list[Metric]) -> str:
    """The semantic model of rows that are picked."""
    dimensions = (
        "      - name: as_of_date\n        type: time\n        type_params: {time_granularity: day}\n"
        '        description: "The day that the data is complete through, the same in all rows: `metric_time` of these metrics. Their period is a dimension of its own, because a period cannot be made of shorter ones."\n'
    )
    for grain in GRAINS:
        dimensions += categorical(
            f"{grain}_start",
            f"First day of the {grain}; null in rows of other grains.",
            f"case when period_grain = '{grain}' then period_start end",
        )
    dimensions += (
        categorical("basis", "Which rule says when a customer is active; see `metric_values`.")
        + categorical("period_grain", "week, month, quarter or year.")
        + categorical("period", "Grain and first day, as in `quarter from 2025-07-01`.")
        + categorical("period_status", "`complete`, or `partial`: then rates are null.")
        + categorical(
            "is_latest_complete_period", "Whether it is the last period of its grain that is over."
        )
        + categorical(
            "segment_dimension", "`all` for the total, else the attribute that the row is of."
        )
        + categorical("segment_value", "Value of that attribute; `all` for the total.")
    )
    for attribute in (*ATTRIBUTES, "plan"):
        dimensions += categorical(
            attribute,
            f"{attribute.replace('_', ' ').capitalize()} of the customers; null in the total and in other segments."
            if attribute != "plan"
            else "Plan, of metrics of MRR; null in the total and in other segments.",
            f"case when segment_dimension = '{attribute}' then segment_value end",
        )
    measures = '      - {name: slices, agg: sum, expr: "1", create_metric: true, label: "Slices", description: "Rows of the layer that the question leaves: a metric has a value where this is 1, or where one of them is the total."}\n'
    for metric in metrics:
        measures += (
            f"      - {{name: largest_{metric.metric}, agg: max, expr: {metric.metric}, create_metric: true, "
            f"label: {text('Largest: ' + metric.label)}, "
            f"description: {text(f'Largest value of `{metric.metric}` among the rows that the question leaves: of one row, not of all together.')}}}\n"
        )
    return f"""  - name: slices
    description: "One row per basis, grain, period and segment. A row is picked, never added up."
    model: ref('retention_ledger', 'metrics_by_slice')
    primary_entity: slice
    defaults: {{agg_time_dimension: as_of_date}}
    dimensions:
{dimensions}    measures:
{measures}"""


def cells() -> str:
    """The semantic model of months that add up."""
    dimensions = (
        "      - name: cell_month\n        type: time\n        expr: period_start\n        type_params: {time_granularity: month}\n"
        '        description: "First day of the month: `metric_time` of these metrics, by month, quarter or year."\n'
    )
    for attribute in ATTRIBUTES:
        dimensions += categorical(
            attribute, f"{attribute.replace('_', ' ').capitalize()} of the customers."
        )
    measures = "".join(
        f"      - {{name: cell_{name}, agg: sum, expr: {name}}}\n" for name in ADDITIVE
    )
    for choice, names in (("min", OF_THE_FIRST), ("max", OF_THE_LAST)):
        for name in names:
            measures += (
                f"      - name: cell_{name}\n        agg: sum\n        expr: {name}\n"
                f"        non_additive_dimension: {{name: cell_month, window_choice: {choice}}}\n"
            )
    return f"""  - name: cells
    description: "One row per month and combination of customer attributes, on the headline basis: what adds up over months, or is that of the first or the last of them."
    model: ref('retention_ledger', 'cells_by_month')
    primary_entity: cell
    defaults: {{agg_time_dimension: cell_month}}
    dimensions:
{dimensions}    measures:
{measures}"""


def picked(metric: Metric) -> str:
    """The YAML of a metric of `slices`: the total where the question leaves it, else the only row that it leaves."""
    name = metric.metric
    total = dimension("segment_dimension") + " = 'all'"
    lines = [
        f"  - name: {name}",
        f"    label: {text(metric.label)}",
        f"    description: {text(metric.description)}",
        "    type: derived",
    ]
    if basis := BASIS_OF_MART.get(metric.mart):
        of_basis = f"{dimension('basis')} = '{basis}'"
        lines.append(f"    filter: {text(of_basis)}")
    lines += [
        "    type_params:",
        f'      expr: "case when {name}_totals = 1 then {name}_total when coalesce({name}_totals, 0) = 0 and {name}_rows = 1 then {name}_row end"',
        "      metrics:",
        f"        - {{name: slices, alias: {name}_totals, filter: {text(total)}}}",
        f"        - {{name: largest_{name}, alias: {name}_total, filter: {text(total)}}}",
        f"        - {{name: slices, alias: {name}_rows}}",
        f"        - {{name: largest_{name}, alias: {name}_row}}",
    ]
    return "\n".join(lines) + "\n"


def over_time(metric: Metric) -> str:
    """The YAML of a metric of `cells`."""
    name = metric.metric
    how = (
        "Added up over months and attributes."
        if name in ADDITIVE
        else f"Added up over attributes; of months, that of the {'first' if name in OF_THE_FIRST else 'last'}."
    )
    return (
        f"  - name: {name}_over_time\n    label: {text(metric.label + ', over time')}\n"
        f"    description: {text(f'{metric.description} {how}')}\n"
        f"    type: simple\n    type_params: {{measure: cell_{name}}}\n"
    )


def model_of_slices(metrics: list[Metric]) -> str:
    """The YAML of the mart metrics_by_slice."""
    columns = [
        ("basis", "column_basis_of_metric", "string"),
        *[(name, f"column_{name}", "string") for name in ("period_grain",)],
        *[(name, f"column_{name}", "date") for name in ("period_start", "period_end")],
        *[
            (name, f"column_{name}", "string")
            for name in ("period_status", "segment_dimension", "segment_value")
        ],
        ("is_latest_complete_period", "column_is_latest_complete_period", "boolean"),
    ]
    lines = [
        "models:",
        "  - name: metrics_by_slice",
        "    description: |",
        "      One row per basis, grain, period and segment: every metric that has a row per period side by side, as `metric_values` has it. What the semantic layer reads.",
        "",
        "      Nuance: a metric is null in rows of a basis, grain or segment that it does not have (MRR where the basis is `orders_window`).",
        "",
        "      Primary key: basis, period_grain, period_start, segment_dimension, segment_value.",
        "    data_tests:",
        "      - unique_combination:",
        "          arguments:",
        "            columns: [basis, period_grain, period_start, segment_dimension, segment_value]",
        "    columns:",
    ]
    for name, block, kind in columns:
        lines += [
            f"      - name: {name}",
            f"        description: \"{{{{ doc('{block}') }}}}\"",
            f"        data_type: {kind}",
        ]
    lines += [
        "      - name: period",
        '        description: "Grain and first day of the period in one text, as in `quarter from 2025-07-01`."',
        "        data_type: string",
        "      - name: as_of_date",
        '        description: "The day that the data is complete through, the same in all rows."',
        "        data_type: date",
    ]
    for metric in metrics:
        lines += [
            f"      - name: {metric.metric}",
            f"        description: \"{{{{ doc('metric_{metric.metric}') }}}}\"",
            "        data_type: decimal(28,6)",
        ]
    lines += [
        "      - name: policy_version",
        "        description: \"{{ doc('column_policy_version') }}\"",
        "        data_type: string",
    ]
    return "\n".join(lines) + "\n" + UNIT_TEST


def files_of(metrics: list[Metric]) -> dict[str, str]:
    """The files of the semantic layer: path below the project -> text."""
    by_period = sorted(
        (metric for metric in metrics if metric.by_period), key=lambda metric: metric.metric
    )
    folder = "models/marts/semantic"
    header = HEADER.format(SOURCE)
    files = {
        f"{folder}/metrics_by_slice.yml": header + model_of_slices(by_period),
        f"{folder}/semantic_models.yml": f"{header}semantic_models:\n{slices(by_period)}\n{cells()}",
    }
    adding = {*ADDITIVE, *OF_THE_FIRST, *OF_THE_LAST}
    rooms = {"revenue": [], "retention": [], "purchases": []}
    for metric in by_period:
        room = {"mrr_by_period": "revenue", "retention_by_period": "retention"}.get(metric.mart)
        rooms[room or "purchases"].append(picked(metric))
    files |= {
        f"{folder}/metrics_of_{room}.yml": header + "metrics:\n" + "\n".join(found)
        for room, found in rooms.items()
    }
    files[f"{folder}/metrics_over_time.yml"] = (
        header
        + "metrics:\n"
        + "\n".join(over_time(metric) for metric in by_period if metric.metric in adding)
    )
    return files


def offers(database: Path, metrics: list[Metric]) -> str:
    """What is offered and what is not, as the tables of docs/semantic_layer.md: by mart, from what the marts hold."""
    with opened(database) as connection:
        build = find_build(connection, database)
        found = connection.execute(
            f"""
            select mart, list(distinct basis order by basis), list(distinct period_grain), list(distinct segment_dimension)
            from {build.table("metric_values")} inner join {build.table("metric_definitions")} using (metric)
            group by mart order by mart
            """
        ).fetchall()
    lines = ["| metrics of | basis | grains | attributes |", "| --- | --- | --- | --- |"]
    for mart, bases, grains, dimensions in found:
        basis = BASIS_OF_MART.get(mart)
        said = (
            f"`{basis}`, need not be named" if basis else ", ".join(f"`{name}`" for name in bases)
        )
        attributes = [name for name in (*ATTRIBUTES, "plan") if name in dimensions]
        lines.append(
            f"| `{mart}` | {said} | {', '.join(grain for grain in GRAINS if grain in grains)} | {', '.join(attributes)} |"
        )
    lines += [""]
    for mart in dict.fromkeys(metric.mart for metric in metrics if metric.by_period):
        names = [f"`{each.metric}`" for each in metrics if each.mart == mart and each.by_period]
        lines += [f"- `{mart}`: {', '.join(names)}"]
    lines += ["", "| not offered | why |", "| --- | --- |"]
    for mart, why in WITHOUT_PERIODS.items():
        names = [f"`{each.metric}`" for each in metrics if each.mart == mart]
        lines.append(f"| {', '.join(names)} | {why} |")
    return "\n".join(lines) + "\n"


#: Between these lines of docs/semantic_layer.md stands what `offers` says.
MARKERS = ("<!-- written by `make semantic` -->\n", "<!-- end -->\n")


def documented(text: str, offered: str) -> str:
    """The page of the semantic layer with what is offered written again."""
    before, _, rest = text.partition(MARKERS[0])
    _, _, after = rest.partition(MARKERS[1])
    return f"{before}{MARKERS[0]}\n{offered}\n{MARKERS[1]}{after}"


def main(database: Path) -> None:
    """Writes the semantic layer of the project in the current folder again."""
    metrics = definitions(database)
    for path, written in files_of(metrics).items():
        Path(path).write_text(written, encoding="utf-8")
    page = Path("docs/semantic_layer.md")
    page.write_text(
        documented(page.read_text(encoding="utf-8"), offers(database, metrics)), encoding="utf-8"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
