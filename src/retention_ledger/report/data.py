"""What the report shows, read from the marts. No rate is computed here: a rate exists once, in the catalogue."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from retention_ledger.cli.headline import period_name
from retention_ledger.database import Build, quoted

#: The marts that the report reads, all of which a whole build has.
MARTS = (
    "policy_settings", "published_builds", "metric_definitions", "metric_values", "retention_by_period", "mrr_by_period",
    "repeat_purchase_by_period", "repeat_purchase_by_cohort", "time_between_purchases", "cohort_retention", "mrr_cohorts",
    "churned_customers", "churned_customer_profile", "customers_at_risk", "risk_check", "prediction_check",
    "intake_findings", "rejected_rows", "metric_restatements",
)  # fmt: skip

GRAINS = ("week", "month", "quarter", "year")
#: The last periods of a grain that the page has; the marts have them all.
LAST_PERIODS = {"week": 53, "month": 60, "quarter": 40, "year": 40}
#: The newest cohorts, and how long each is followed.
COHORTS, MONTHS_SINCE = 24, 24
#: Values of a segment dimension, the largest first, and how many of them there are over all dimensions.
SEGMENTS_OF_DIMENSION, SEGMENTS = 8, 40
#: Rows of the tables that are no aggregates: findings, profiles, restatements, months of the back-test.
ROWS = 20


@dataclass(frozen=True)
class Family:
    """Metrics that stand beside each other in one mart; `basis` is None where the mart has the column."""

    mart: str
    basis: str | None
    metrics: tuple[str, ...]
    #: What the headline shows of them: value, change, a year before, interval.
    headline: tuple[str, ...]


FAMILIES = {
    "customers": Family(
        "retention_by_period",
        None,
        (
            "opening_customers", "new_customers", "reactivated_customers", "churned_customers", "closing_customers",
            "retention_rate", "customer_churn_rate", "gross_churn_rate", "net_churn_rate",
        ),
        ("retention_rate", "customer_churn_rate", "net_churn_rate", "closing_customers"),
    ),
    "mrr": Family(
        "mrr_by_period",
        "subscriptions",
        (
            "opening_mrr", "new_mrr", "reactivation_mrr", "expansion_mrr", "contraction_mrr", "churn_mrr", "closing_mrr",
            "grr", "nrr", "arpa",
        ),
        ("closing_mrr", "nrr", "grr", "arpa"),
    ),
    "purchases": Family(
        "repeat_purchase_by_period",
        "orders",
        (
            "purchasers", "first_time_purchasers", "returning_purchasers", "orders", "net_revenue",
            "repeat_purchase_rate", "returning_purchaser_rate", "average_order_value",
        ),
        ("repeat_purchase_rate", "returning_purchaser_rate", "average_order_value", "net_revenue"),
    ),
}  # fmt: skip
#: Rates whose interval is drawn, period by period.
WITH_INTERVAL = ("retention_rate", "customer_churn_rate", "repeat_purchase_rate")
#: Columns of metric_values that the headline shows: in the unit of the metric, and as fractions of the other value.
OF_ITS_UNIT = ("value", "previous_value", "change", "previous_year_value", "change_year_over_year", "lower_95", "upper_95")  # fmt: skip
RELATIVE = ("relative_change", "relative_year_over_year_change")
#: Column of the bridge that is no metric: it adds up to 0 over the plans, and is 0 elsewhere.
TRANSFERRED = "transferred_mrr"
#: What a cohort map shows: metric -> (mart, size of the cohort).
COHORT_METRICS = {
    "active_rate": ("cohort_retention", "cohort_size"),
    "ordering_rate": ("cohort_retention", "cohort_size"),
    "revenue_retention_rate": ("cohort_retention", "cohort_size"),
    "mrr_retention_rate": ("mrr_cohorts", "starting_mrr"),
}


def scale_of(kind: str) -> int:
    """Decimals of a value of this kind as the marts hold it: counts 0, money 2, ratios 6."""
    return {"count": 0, "money": 2}.get(kind, 6)


def format_of(kind: str, unit: str) -> str:
    """How a value is written: count, money, percent or number."""
    if kind in ("count", "money"):
        return kind
    if unit == "fraction":
        return "percent"
    return "money" if unit.startswith("amount") else "number"


def scaled(value: Any, scale: int) -> int | str | None:
    """An exact decimal as a whole number of its smallest unit, which JSON keeps; as text where JavaScript would round it."""
    if value is None:
        return None
    whole = int(Decimal(value).scaleb(scale).to_integral_value())
    return whole if abs(whole) < 2**53 else str(whole)


@dataclass
class Report:
    """All that the page shows. `page` goes to the browser as JSON, the rest is written into the HTML."""

    page: dict[str, Any]
    definitions: list[dict[str, Any]]
    settings: list[dict[str, Any]]
    header: dict[str, Any]
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


class Reader:
    """Reads the marts of one build."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, build: Build, customers: int) -> None:
        self.connection = connection
        self.build = build
        self.customers = customers
        self.settings = self.rows(
            "select setting, value, meaning from {policy_settings} order by setting"
        )
        self.policy = {row["setting"]: row["value"] for row in self.settings}
        self.definitions = self.rows(
            "select metric, label, description, formula, unit, direction, nulls, kind, mart, synonyms, sources, version "
            "from {metric_definitions} order by label"
        )
        self.kinds = {row["metric"]: row["kind"] for row in self.definitions}
        self.bases = [
            row["basis"]
            for row in self.rows(
                "select distinct basis from {retention_by_period} order by basis desc"
            )
        ]
        self.periods = self.read_periods()
        self.slices, self.left_out = self.read_slices()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows as column -> value; `{mart}` in the SQL stands for the mart's table."""
        marts = {mart: self.build.table(mart) for mart in MARTS if "{" + mart + "}" in sql}
        cursor = self.connection.execute(sql.format(**marts), list(parameters))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The only value that a query has."""
        [row] = self.rows(sql, parameters)
        [value] = row.values()
        return value

    def name(self, grain: str, start: date) -> str:
        """A period as people write it."""
        return period_name(grain, start, self.policy["calendar"])

    def read_periods(self) -> dict[str, list[dict[str, Any]]]:
        """The last periods of each grain, oldest first."""
        found = self.rows(
            """
            select distinct period_grain, period_start, period_end, period_status from {retention_by_period}
            union select distinct period_grain, period_start, period_end, period_status from {mrr_by_period}
            union select distinct period_grain, period_start, period_end, period_status from {repeat_purchase_by_period}
            order by period_grain, period_start
            """
        )
        by_grain: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in found:
            by_grain[row["period_grain"]].append(row)
        return {
            grain: by_grain[grain][-LAST_PERIODS[grain] :] for grain in GRAINS if by_grain[grain]
        }

    def read_slices(self) -> tuple[dict[str, list[str]], dict[str, int]]:
        """Dimension -> its largest values, `all` first; and how many values are left out of each."""
        found = self.rows(
            """
            select segment_dimension, segment_value, sum(closing_customers) as size from {retention_by_period} group by all
            union all
            select segment_dimension, segment_value, sum(closing_customers) as size from {mrr_by_period}
            where segment_dimension = 'plan' group by all
            order by segment_dimension, size desc, segment_value
            """
        )
        dimensions = dict.fromkeys(row["segment_dimension"] for row in found)
        most = max(2, min(SEGMENTS_OF_DIMENSION, SEGMENTS // max(1, len(dimensions) - 1)))
        order = ["all", *(name for name in dimensions if name not in ("all", "plan")), "plan"]
        values = {
            name: [row["segment_value"] for row in found if row["segment_dimension"] == name]
            for name in order
            if name in dimensions
        }
        left_out = {name: len(of) - most for name, of in values.items() if len(of) > most}
        return {name: of[:most] for name, of in values.items()}, left_out

    def in_slices(self) -> tuple[str, list[str]]:
        """A condition that a row is of one of the slices, and its parameters."""
        pairs = [(name, value) for name, of in self.slices.items() for value in of]
        condition = " or ".join("(segment_dimension = ? and segment_value = ?)" for _ in pairs)
        return f"({condition or 'false'})", [text for pair in pairs for text in pair]

    def first_starts(self) -> tuple[str, list[Any]]:
        """A condition that a row is of one of the periods, and its parameters."""
        parts, given = [], []
        for grain, periods in self.periods.items():
            parts.append("(period_grain = ? and period_start >= ?)")
            given += [grain, periods[0]["period_start"]]
        return f"({' or '.join(parts) or 'false'})", given

    def series(self, family: Family) -> dict[str, Any]:
        """basis -> grain -> dimension -> value -> metric -> a number per period; null where there is none."""
        sliced, values = self.in_slices()
        recent, starts = self.first_starts()
        names = [*family.metrics, *([TRANSFERRED] if family.mart == "mrr_by_period" else [])]
        scales = {name: scale_of(self.kinds.get(name, "money")) for name in names}
        places = {
            (grain, period["period_start"]): place
            for grain, periods in self.periods.items()
            for place, period in enumerate(periods)
        }
        basis = f"'{family.basis}'" if family.basis else "basis"
        found = self.rows(
            f"""
            select {basis} as basis, period_grain, period_start, segment_dimension, segment_value, {", ".join(names)}
            from {{{family.mart}}} where {sliced} and {recent}
            """,
            [*values, *starts],
        )
        made: dict[str, Any] = {}
        for row in found:
            at = made
            for key in ("basis", "period_grain", "segment_dimension", "segment_value"):
                at = at.setdefault(row[key], {})
            place = places[row["period_grain"], row["period_start"]]
            for name in names:
                self.put(at, name, row["period_grain"], place, scaled(row[name], scales[name]))
        self.add_intervals(made, family, places)
        return made

    def put(self, at: dict[str, Any], name: str, grain: str, place: int, value: Any) -> None:
        """A number at its period, in a list that has one per period."""
        at.setdefault(name, [None] * len(self.periods[grain]))[place] = value

    def add_intervals(self, made: dict[str, Any], family: Family, places: dict) -> None:
        """`<metric>_lower_95` and `<metric>_upper_95` beside the metrics that have an interval."""
        names = [name for name in family.metrics if name in WITH_INTERVAL]
        if not names:
            return
        sliced, values = self.in_slices()
        recent, starts = self.first_starts()
        found = self.rows(
            f"""
            select metric, basis, period_grain, period_start, segment_dimension, segment_value, lower_95, upper_95
            from {{metric_values}}
            where metric in ({", ".join("?" for _ in names)}) and lower_95 is not null and {sliced} and {recent}
            """,
            [*names, *values, *starts],
        )
        for row in found:
            at = made
            for key in ("basis", "period_grain", "segment_dimension", "segment_value"):
                at = at.get(row[key], {})
            if at:
                place = places[row["period_grain"], row["period_start"]]
                for bound in ("lower_95", "upper_95"):
                    name = f"{row['metric']}_{bound}"
                    self.put(at, name, row["period_grain"], place, scaled(row[bound], 6))

    def headline(self) -> dict[str, Any]:
        """basis -> grain -> dimension -> value -> metric -> the last complete period: its first day, OF_ITS_UNIT, RELATIVE."""
        sliced, values = self.in_slices()
        names = [name for family in FAMILIES.values() for name in family.headline]
        found = self.rows(
            f"""
            select metric, basis, period_grain, period_start, segment_dimension, segment_value, {", ".join([*OF_ITS_UNIT, *RELATIVE])}
            from {{metric_values}}
            where is_latest_complete_period and metric in ({", ".join("?" for _ in names)}) and {sliced}
            """,
            [*names, *values],
        )
        made: dict[str, Any] = {}
        for row in found:
            at = made
            for key in ("basis", "period_grain", "segment_dimension", "segment_value"):
                at = at.setdefault(row[key], {})
            scale = scale_of(self.kinds[row["metric"]])
            at[row["metric"]] = [
                str(row["period_start"]), *(scaled(row[name], scale) for name in OF_ITS_UNIT), *(scaled(row[name], 6) for name in RELATIVE)
            ]  # fmt: skip
        return made

    def cohorts(self) -> dict[str, Any]:
        """metric -> basis -> dimension -> value -> the newest cohorts: name, size, a rate per month since.

        A list ends with the last month that was observed; null within it has no value.
        """
        sliced, values = self.in_slices()
        made: dict[str, Any] = {}
        for metric, (mart, size) in COHORT_METRICS.items():
            basis = "basis" if mart == "cohort_retention" else "'subscriptions'"
            found = self.rows(
                f"""
                with newest as (
                    select distinct cohort_month from {{{mart}}} order by cohort_month desc limit {COHORTS}
                )

                select {basis} as basis, segment_dimension, segment_value, cohort_month, months_since, {size} as size, {metric} as value
                from {{{mart}}}
                where cohort_month in (select cohort_month from newest) and months_since <= {MONTHS_SINCE}
                    and period_status = 'complete' and {sliced}
                order by cohort_month, months_since
                """,
                values,
            )
            of_metric: dict[str, Any] = {}
            for row in found:
                rows = (
                    of_metric.setdefault(row["basis"], {})
                    .setdefault(row["segment_dimension"], {})
                    .setdefault(row["segment_value"], {})
                )
                cohort = rows.setdefault(
                    self.name(self.policy["cohort_grain"], row["cohort_month"]),
                    {"size": scaled(row["size"], 0 if size == "cohort_size" else 2), "values": []},
                )
                cohort["values"] += [None] * (row["months_since"] + 1 - len(cohort["values"]))
                cohort["values"][row["months_since"]] = scaled(row["value"], 6)
            made[metric] = {basis: of for basis, of in of_metric.items() if has_value(of)}
        return made

    def left(self) -> dict[str, Any]:
        """basis -> grain -> the last complete period: who left, counted by reason and by tenure, and the largest losses."""
        there = self.rows(
            "select distinct basis, period_grain, period_start from {retention_by_period} where is_latest_complete_period and segment_dimension = 'all'"
        )
        made: dict[str, Any] = {}
        for row in there:
            key = [row["basis"], row["period_grain"], row["period_start"]]
            slices: dict[str, Any] = {}
            for dimension, values in self.slices.items():
                if dimension == "plan":
                    continue
                column = "'all'" if dimension == "all" else quoted(dimension)
                for what, by in (
                    ("reasons", "churn_type, cancel_reason"),
                    ("tenure", "tenure_band"),
                ):
                    for group in self.rows(
                        f"""
                        select {column} as segment_value, {by}, count(*) as customers, sum(last_mrr) as last_mrr
                        from {{churned_customers}}
                        where basis = ? and period_grain = ? and period_start = ?
                        group by all order by customers desc, {by}
                        """,
                        key,
                    ):
                        if group["segment_value"] in values:
                            group["last_mrr"] = scaled(rounded(group["last_mrr"]), 2)
                            slices.setdefault(dimension, {}).setdefault(
                                group.pop("segment_value"), {}
                            ).setdefault(what, []).append(list(group.values()))
            largest = self.rows(
                """
                select customer_id, churn_type, cancel_reason, tenure_band, last_mrr, net_revenue_to_date, churned_on
                from {churned_customers}
                where basis = ? and period_grain = ? and period_start = ?
                order by last_mrr desc nulls last, net_revenue_to_date desc nulls last, customer_id
                limit ?
                """,
                [*key, self.customers],
            )
            for customer in largest:
                customer["last_mrr"] = scaled(rounded(customer["last_mrr"]), 2)
                customer["net_revenue_to_date"] = scaled(customer["net_revenue_to_date"], 2)
                customer["churned_on"] = str(customer["churned_on"])
            made.setdefault(row["basis"], {})[row["period_grain"]] = {
                "period": self.name(row["period_grain"], row["period_start"]),
                "slices": slices,
                "largest": [list(customer.values()) for customer in largest],
            }
        return made

    def windows(self) -> dict[str, Any]:
        """dimension -> value -> window in days -> newest cohorts all of whose customers were observed: name, size, rate."""
        sliced, values = self.in_slices()
        made: dict[str, Any] = {}
        for row in self.rows(
            f"""
            select segment_dimension, segment_value, window_days, cohort_month, cohort_size, observed_customers, repeat_customers, window_repeat_rate
            from {{repeat_purchase_by_cohort}}
            where {sliced} and cohort_month in (
                select distinct cohort_month from {{repeat_purchase_by_cohort}} order by cohort_month desc limit {COHORTS // 2}
            )
            order by cohort_month desc, window_days
            """,
            values,
        ):
            made.setdefault(row["segment_dimension"], {}).setdefault(row["segment_value"], []).append(
                [
                    self.name(self.policy["cohort_grain"], row["cohort_month"]), row["window_days"], row["cohort_size"],
                    row["observed_customers"], row["repeat_customers"], scaled(row["window_repeat_rate"], 6),
                ]
            )  # fmt: skip
        return made

    def gaps(self) -> dict[str, Any]:
        """dimension -> value -> days between purchases: number of gaps, quartiles."""
        sliced, values = self.in_slices()
        made: dict[str, Any] = {}
        for row in self.rows(
            f"select segment_dimension, segment_value, gaps, lower_quartile_days, median_days, upper_quartile_days from {{time_between_purchases}} where {sliced}",
            values,
        ):
            made.setdefault(row["segment_dimension"], {})[row["segment_value"]] = [
                row[name] for name in ("gaps", "lower_quartile_days", "median_days", "upper_quartile_days")
            ]  # fmt: skip
        return made

    def tables(self) -> tuple[dict[str, list[dict[str, Any]]], dict[str, int]]:
        """What is written into the page as tables, and how many rows there are in the marts."""
        tables = {
            "risk": self.rows(
                """
                select customer_id, main_reason, reasons, risk_score, value_at_risk, mrr_at_risk, mrr, silent_days, last_order_on
                from {customers_at_risk} order by call_rank limit ?
                """,
                [self.customers],
            ),
            "risk_notes": self.rows(
                "select distinct risk_note as note from {customers_at_risk} where risk_note is not null order by 1"
            ),
            "risk_check": self.rows(
                """
                select snapshot_on, customers, left_customers, left_share, score_precision, silent_days_precision, score_lift, score_auc, best_by_lift
                from {risk_check} where note is null order by snapshot_on desc limit 6
                """
            ),
            "prediction": self.rows("select * from {prediction_check}"),
            "profile": self.rows(
                """
                select basis, period_grain, period_start, trait, trait_value, customers, churned_customers,
                    customer_churn_rate, lower_95, upper_95, other_rate, adjusted_p_value
                from {churned_customer_profile} where is_distinct
                order by basis desc, adjusted_p_value, trait, trait_value
                """
            ),
            "findings": self.rows(
                """
                select finding, source_table, column_name, severity, what, examples, meaning, setting, remedy, affected_rows, affected_share
                from {intake_findings} order by severity desc, affected_rows desc, finding, source_table limit ?
                """,
                [ROWS],
            ),
            "rejected": self.rows(
                "select source_table, reason, count(*) as number from {rejected_rows} group by all order by source_table, number desc, reason"
            ),
            "restatements": self.rows(
                """
                select metric, basis, period_grain, period_start, segment_dimension, segment_value, old_value, new_value, cause, explanation, restated_at
                from {metric_restatements}
                order by restated_at desc, (segment_dimension = 'all') desc, period_start desc, metric, basis, segment_value limit ?
                """,
                [ROWS],
            ),
        }  # fmt: skip
        counts = {
            name: self.one(f"select count(*) from {{{mart}}}")
            for name, mart in (
                ("risk", "customers_at_risk"),
                ("findings", "intake_findings"),
                ("rejected", "rejected_rows"),
                ("restatements", "metric_restatements"),
            )
        }
        tables["profile"] = first_of_each(tables["profile"], "basis", ROWS // 2)
        for row in [*tables["profile"], *tables["restatements"]]:
            row["period"] = self.name(row["period_grain"], row["period_start"])
        return tables, counts

    def header(self) -> dict[str, Any]:
        """Which build, which policy, through which day."""
        builds = self.rows(
            "select build_id, published_at from {published_builds} order by published_at desc limit 1"
        )
        version = self.one("select distinct policy_version from {policy_settings}")
        published = next((row for row in builds if row["build_id"] == self.build.build_id), None)
        return {
            "as_of_date": self.policy["as_of_date"],
            "policy_version": version,
            "build_id": self.build.build_id,
            "published_at": f"{published['published_at']:%Y-%m-%d %H:%M}" if published else None,
            "currency": self.policy["reporting_currency"],
            "is_demo": "demo" in self.build.data,
            "raw_tables": sorted(self.build.data),
        }

    def read(self) -> Report:
        """Everything."""
        series = {name: self.series(family) for name, family in FAMILIES.items()}
        default = self.policy.get("headline_basis")
        if default not in self.bases:
            default = next(iter(self.bases), None)
        page = {
            "currency": self.policy["reporting_currency"],
            "as_of_date": self.policy["as_of_date"],
            "cohort_grain": self.policy["cohort_grain"],
            "bases": self.bases,
            "basis": default,
            "inactivity_days": self.policy["inactivity_days"],
            "periods": {
                grain: [
                    [self.name(grain, period["period_start"]), str(period["period_start"]), period["period_status"]]
                    for period in periods
                ]
                for grain, periods in self.periods.items()
            },
            "slices": self.slices,
            "left_out": self.left_out,
            "metrics": {
                row["metric"]: {
                    "label": row["label"], "nulls": row["nulls"], "direction": row["direction"], "kind": row["kind"],
                    "format": format_of(row["kind"], row["unit"]), "scale": scale_of(row["kind"]),
                }
                for row in self.definitions
            },
            "families": {name: {"metrics": of.metrics, "headline": of.headline} for name, of in FAMILIES.items()},
            "series": series,
            "headline": self.headline(),
            "cohorts": self.cohorts(),
            "left": self.left(),
            "windows": self.windows(),
            "gaps": self.gaps(),
        }  # fmt: skip
        tables, counts = self.tables()
        return Report(page, self.definitions, self.settings, self.header(), tables, counts)


def rounded(amount: Decimal | None) -> Decimal | None:
    """An exact amount of MRR to cents, as the marts by period round it."""
    return None if amount is None else amount.quantize(Decimal("0.01"), "ROUND_HALF_UP")


def has_value(of: dict[str, Any]) -> bool:
    """Whether any cell of a cohort map has a value."""
    return any(
        value is not None
        for slices in of.values()
        for cohorts in slices.values()
        for cohort in cohorts.values()
        for value in cohort["values"]
    )


def first_of_each(rows: Iterable[dict[str, Any]], column: str, most: int) -> list[dict[str, Any]]:
    """The first rows of each value of a column."""
    seen: dict[Any, int] = defaultdict(int)
    kept = []
    for row in rows:
        seen[row[column]] += 1
        if seen[row[column]] <= most:
            kept.append(row)
    return kept
