"""The report as one HTML page: nothing in it is loaded from elsewhere."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from retention_ledger.report.data import GRAINS, Report, format_of
from retention_ledger.report.glossary import GLOSSARY

ASSETS = files("retention_ledger.report")
ECHARTS = ASSETS / "vendor" / "echarts" / "echarts.common.min.js"
MINUS = "\N{MINUS SIGN}"
#: What stands where a figure cannot exist.
UNKNOWN = "not known"


def as_data(value: Any) -> Markup:
    """JSON that can stand in a script element: text of the user's ends no element there."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def hash_of(script: str) -> str:
    """A script's hash, by which the page's own policy lets it run, and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def number(value: Any, decimals: int) -> str:
    """With thousands separators, rounded as `retention-ledger show` does it."""
    # The sum turns a -0 into 0.
    exact = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN) + 0
    return f"{exact:,}".replace("-", MINUS)


def known(write: Callable[[Any], str]) -> Callable[[Any], str]:
    """A format that says where there is no figure."""
    return lambda value: UNKNOWN if value is None else write(value)


FORMATS: dict[str, Callable[[Any], str]] = {
    "count": known(lambda value: number(value, 0)),
    "money": known(lambda value: number(value, 2)),
    "percent": known(lambda value: f"{number(Decimal(value) * 100, 1)}%"),
    "number": known(lambda value: number(value, 2)),
}


def words(name: str | None) -> str:
    """A name of the marts as people write it; `not known` where there is none."""
    return UNKNOWN if name is None else name.replace("_", " ")


def ticked(text: str | None) -> Markup:
    """Text in which `names` stand between backticks, as the marts write them."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text or ""))))


def basis_name(basis: str, inactivity_days: str) -> str:
    """The rule by which a customer is active, in words."""
    return {
        "subscriptions": "Subscriptions",
        "orders_window": f"Orders, last {inactivity_days} days",
        "orders_calendar": "Orders, every month",
    }.get(basis, words(basis))


def metric_formats(report: Report) -> dict[str, Callable[[Any], str]]:
    """How the values of each metric are written."""
    return {
        row["metric"]: FORMATS[format_of(row["kind"], row["unit"])] for row in report.definitions
    }


def render(report: Report, customers: int) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("retention_ledger.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    formats = metric_formats(report)
    environment.filters |= {"words": words, "ticked": ticked, "data": as_data, **FORMATS}
    environment.globals |= {
        "metric_value": lambda metric, value: formats[metric](value) if metric in formats else str(value),
        "basis_name": lambda basis: basis_name(basis, report.page["inactivity_days"]),
        "labels": {row["metric"]: row["label"] for row in report.definitions},
        "glossary": GLOSSARY,
    }  # fmt: skip
    page = {
        **report.page,
        "grains": [grain for grain in GRAINS if grain in report.page["periods"]],
        "basis_names": {
            basis: basis_name(basis, report.page["inactivity_days"])
            for basis in report.page["bases"]
        },
        "glossary": {name: label for name, (label, _) in GLOSSARY.items()},
    }
    library = ECHARTS.read_text(encoding="utf-8")
    script = (ASSETS / "assets" / "report.js").read_text(encoding="utf-8")
    # Both stand in elements of their own, exactly as they are hashed.
    assert "</script" not in library + script
    return environment.get_template("page.html").render(
        report=report,
        page=page,
        customers=customers,
        style=Markup((ASSETS / "assets" / "report.css").read_text(encoding="utf-8")),
        library=Markup(library),
        script=Markup(script),
        hashes=[hash_of(library), hash_of(script)],
        rejected=by_table(report.tables["rejected"]),
    )


def by_table(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Rejected rows of each raw table."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        tables.setdefault(row["source_table"], []).append(row)
    return tables
