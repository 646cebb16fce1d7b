"""What the columns of a table are, by their names and by their values."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import duckdb

from retention_ledger.init.tables import Column, Table, text_of

#: For each raw table and column of it, the names that other systems give it, the likeliest first.
NAMES: dict[str, dict[str, str]] = {
    "orders": {
        "order_id": "order_id order_number order_no order orderid ordernr invoice_no invoice_number invoice_id invoice"
        " transaction_id transaction receipt_id receipt_no bestellnr bestellnummer rechnungsnr belegnr auftragsnr event_id"
        " name number id",
        "customer_id": "customer_id customer_no customer_number customerid client_id user_id account_id buyer_id member_id"
        " kundennr kundennummer kunden_id customer client user buyer account kunde customer_email billing_email"
        " buyer_email user_email email e_mail email_address",
        "ordered_at": "ordered_at order_date order_time order_timestamp order_datetime date_ordered order_purchase_timestamp"
        " purchased_at purchase_date purchase_timestamp invoice_date invoicedate transaction_date event_time event_at"
        " occurred_at processed_at paid_at created_at date_created date_created_gmt created timestamp datetime"
        " bestelldatum rechnungsdatum belegdatum datum date time day",
        "amount": "amount order_amount order_total total_amount total_price grand_total total order_value revenue sales"
        " net_amount gross_amount price value paid betrag summe umsatz gesamt brutto gross netto net subtotal"
        " amount_cents total_cents amount_in_cents price_cents cents",
        "status": "status order_status financial_status payment_status state",
        "currency": "currency currency_code ccy waehrung wahrung iso_currency",
        "updated_at": "updated_at modified_at last_modified last_updated date_modified date_updated date_updated_gmt updated",
    },
    "customers": {
        "customer_id": "customer_id customer_no customer_number customerid client_id user_id account_id member_id kundennr"
        " kundennummer kunden_id id customer client email",
        "email": "email e_mail email_address customer_email mail",
        "signed_up_at": "signed_up_at signup_date sign_up_date signup_at registered_at registration_date joined_at join_date"
        " created_at date_created created date_registered registriert_am",
        "country": "country country_code billing_country shipping_country land",
        "acquisition_channel": "acquisition_channel channel utm_source source referrer referral_source",
        "customer_segment": "customer_segment segment tier customer_type customer_group group",
    },
    "refunds": {
        "refund_id": "refund_id refund_no credit_note_id id",
        "order_id": "order_id order_number order_no invoice_id transaction_id parent_order_id parent_id",
        "refunded_at": "refunded_at refund_date refund_time created_at date_created processed_at date",
        "amount": "amount refund_amount total_amount total refunded_amount value",
    },
    "subscriptions": {
        "subscription_id": "subscription_id subscription subscription_no contract_id id",
        "customer_id": "customer_id customer client_id user_id account_id account_code member_id customer_email email",
        "started_on": "started_on start_date started_at start activated_at starts_at begin_date valid_from created_at",
        "ended_on": "ended_on end_date ended_at end ends_at expires_at expired_at valid_to terminated_at",
        "monthly_amount": "monthly_amount mrr monthly_price monthly_fee monthly_revenue",
        "price": "price amount unit_amount plan_amount plan_price fee",
        "plan": "plan plan_id plan_name plan_code product product_id product_name tier",
        "cancel_requested_on": "cancel_requested_on canceled_at cancelled_at canceled_on cancelled_on cancellation_date",
        "cancel_reason": "cancel_reason cancellation_reason churn_reason expiration_reason",
        "state": "state status subscription_status",
        "billing_interval": "billing_interval interval plan_interval billing_period interval_unit",
        "currency": "currency currency_code ccy",
        "updated_at": "updated_at modified_at last_modified",
    },
    "marketing_spend": {
        "spent_on": "spent_on date day spend_date month",
        "acquisition_channel": "acquisition_channel channel source platform utm_source",
        "amount": "amount spend cost costs spent",
    },
    "support_tickets": {
        "ticket_id": "ticket_id ticket case_id id",
        "customer_id": "customer_id customer user_id account_id requester_id requester_email email",
        "opened_at": "opened_at created_at open_date created date",
        "resolved_at": "resolved_at closed_at solved_at",
        "topic": "topic category type subject",
    },
    "feedback": {
        "feedback_id": "feedback_id response_id survey_id id",
        "customer_id": "customer_id customer user_id account_id email",
        "given_at": "given_at responded_at submitted_at created_at date",
        "nps_score": "nps_score nps score rating",
        "feedback_text": "feedback_text comment text feedback answer",
    },
}

#: What a table of its kind cannot be without; of orders, an id can be made.
REQUIRED = {
    "orders": {"customer_id", "ordered_at"},
    "customers": {"customer_id"},
    "refunds": {"refund_id", "order_id", "refunded_at", "amount"},
    "subscriptions": {"subscription_id", "customer_id", "started_on", "ended_on"},
    "marketing_spend": {"spent_on", "acquisition_channel", "amount"},
    "support_tickets": {"ticket_id", "customer_id", "opened_at"},
    "feedback": {"feedback_id", "customer_id", "given_at"},
}

#: Columns that a mapping leaves out where there are none; the others of a raw table are mapped to null.
MAY_BE_ABSENT = {"currency", "state", "billing_interval"} | {"price"}

#: What the name of a file says it is.
FILE_NAMES = {
    "refunds": r"refund|credit_note|return",
    "subscriptions": r"subscription|contract|\babo",
    "customers": r"customer|client|user|member|contact|kunde",
    "marketing_spend": r"spend|marketing|adwords|\bads",
    "support_tickets": r"ticket|support|case",
    "feedback": r"feedback|nps|survey|review",
    "orders": r"order|invoice|transaction|sale|purchase|event|usage|payment|receipt|bestellung|rechnung|umsatz",
}

TIMES = {
    "ordered_at", "signed_up_at", "refunded_at", "started_on", "spent_on", "opened_at", "given_at", "ended_on",
    "cancel_requested_on", "updated_at", "resolved_at",
}  # fmt: skip
AMOUNTS = {"amount", "monthly_amount", "price", "nps_score"}

COUNTED = {
    "completed", "complete", "paid", "fulfilled", "delivered", "shipped", "succeeded", "success", "successful",
    "closed", "settled", "captured", "processing", "partially_refunded", "approved", "invoiced", "confirmed", "done",
    "finished", "bezahlt", "abgeschlossen", "versendet", "geliefert",
}  # fmt: skip
UNCOUNTED = {
    "cancelled", "canceled", "pending", "void", "voided", "failed", "declined", "refused", "rejected", "returned",
    "draft", "on-hold", "on_hold", "unpaid", "expired", "trash", "refunded", "abandoned", "authorized", "created",
    "open", "new", "unavailable", "checkout-draft", "chargeback", "disputed", "storniert", "offen", "ausstehend",
    "abgebrochen",
}  # fmt: skip

_DATE = re.compile(
    r"^(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{1,2} \w{3,9} \d{4}|\w{3} \d{1,2}, \d{4}|\d{4}/\d{1,2}/\d{1,2})"
)
_EPOCH = re.compile(r"^1\d{9}(\d{3})?(\.\d+)?$")
_NUMBER = re.compile(r"^[^\w-]{0,2}-?[\d.,'\s]*\d\s?\W{0,2}$")


@dataclass
class Mapping:
    """A raw table, the table it is read from, and which column is which: raw column -> column of the table."""

    raw_table: str
    table: Table
    columns: dict[str, Column] = field(default_factory=dict)
    by_name: bool = False

    def missing(self) -> list[str]:
        """The raw columns for which nothing was found."""
        return [name for name in NAMES[self.raw_table] if name not in self.columns]


def plain(name: str) -> str:
    """A column's name as NAMES has it: OrderDate and `Order Date` are order_date."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    spelt = split.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return re.sub(r"\W+", "_", spelt).strip("_")


def is_time(column: Column) -> bool:
    """Whether the values look like dates, times, or seconds since 1970."""
    return all(_DATE.match(value) or _EPOCH.match(value) for value in column.values)


def is_amount(column: Column) -> bool:
    """Whether the values look like numbers, of any notation."""
    return all(_NUMBER.match(value) for value in column.values)


def is_no_date(value: str) -> bool:
    """Whether a value is what systems write where there is no date: 0, or 0000-00-00."""
    return bool(re.fullmatch(r"0+([-/.]0+)*([ T][0:.]+)?", value))


def fits(raw_column: str, column: Column) -> bool:
    """Whether the values could be those of the raw column; a column without values could be anything."""
    if raw_column == "ended_on":
        column = replace(column, values=[each for each in column.values if not is_no_date(each)])
    looks: Callable[[Column], bool] = (
        is_time if raw_column in TIMES else is_amount if raw_column in AMOUNTS else lambda _: True
    )
    return looks(column)


def mapping_of(raw_table: str, table: Table) -> Mapping | None:
    """How a table would be read as the raw table; None where something it needs is not there."""
    found = Mapping(raw_table, table)
    taken: set[str] = set()
    for raw_column, names in NAMES[raw_table].items():
        for name in names.split():
            column = next(
                (
                    each
                    for each in table.columns.values()
                    if plain(each.name) == name
                    and each.name not in taken
                    and fits(raw_column, each)
                ),
                None,
            )
            # A required column without a value is none: it was not this one that was meant.
            if column and (column.filled or raw_column not in REQUIRED[raw_table] - {"ended_on"}):
                found.columns[raw_column] = column
                taken.add(column.name)
                break
    if not REQUIRED[raw_table] <= found.columns.keys():
        return None
    if raw_table == "subscriptions" and not {"monthly_amount", "price"} & found.columns.keys():
        return None
    called = {name for name, pattern in FILE_NAMES.items() if re.search(pattern, plain(table.name))}
    found.by_name = raw_table in called
    # A file that is called otherwise is not this table, whatever its columns are called.
    if called and not found.by_name:
        return None
    if raw_table == "customers":
        key = found.columns["customer_id"]
        # One row per customer, or it is a list of something else.
        if key.different < table.rows * 0.9 or (plain(key.name) == "id" and not found.by_name):
            return None
    return found


def mappings_of(tables: list[Table]) -> list[Mapping]:
    """The raw tables that these tables are, each at most once: by what they are called, else by their columns."""
    candidates = [
        mapping
        for raw in NAMES
        for table in tables
        if (mapping := mapping_of(raw, table)) is not None
    ]
    candidates.sort(
        key=lambda each: (not each.by_name, -len(REQUIRED[each.raw_table]), -len(each.columns))
    )
    chosen: list[Mapping] = []
    for each in candidates:
        is_free = all(
            each.raw_table != other.raw_table and each.table is not other.table for other in chosen
        )
        # Without a name that says so, only what nearly all columns say.
        if is_free and (each.by_name or each.raw_table in {"orders", "subscriptions", "customers"}):
            chosen.append(each)
    return sorted(chosen, key=lambda each: list(NAMES).index(each.raw_table))


# What the values say


def values_of(
    mapping: Mapping, raw_column: str, connection: duckdb.DuckDBPyConnection, limit: int = 2000
) -> list[str]:
    """Different values of a column, in no order, at most `limit`."""
    column = mapping.columns.get(raw_column)
    if column is None:
        return []
    text = text_of(column.name)
    rows = connection.execute(
        f"select distinct {text} as value from {mapping.table.relation} where {text} is not null limit {limit}"
    ).fetchall()
    return [row[0] for row in rows]


def counts_of(
    mapping: Mapping, raw_column: str, connection: duckdb.DuckDBPyConnection
) -> list[tuple[str, int]]:
    """The values of a column in lower case with the number of their rows, the most frequent first."""
    text = f"lower({text_of(mapping.columns[raw_column].name)})"
    return connection.execute(
        f"select {text}, count(*) from {mapping.table.relation} where {text} <> '' group by 1 order by 2 desc, 1 limit 100"
    ).fetchall()


def decimal_comma(values: list[str]) -> bool | None:
    """Whether a comma stands before the decimals; None where the values do not say."""
    commas = sum(bool(re.search(r",\d{1,2}\D*$", value)) for value in values)
    points = sum(bool(re.search(r"\.\d{1,2}\D*$", value)) for value in values)
    if commas == points:
        return None if commas else False
    return commas > points


@dataclass
class Times:
    """How the times of a column are written: what the settings need, and the facts for a comment."""

    formats: list[str] = field(default_factory=list)
    unit: str | None = None
    has_zone: bool = False
    has_clock: bool = False
    undecided: bool = False


def times(values: list[str]) -> Times:
    """How times are written, by values of the column."""
    found = Times()
    if values and all(_EPOCH.match(value) for value in values):
        found.unit = "epoch_milliseconds" if len(values[0].split(".")[0]) == 13 else "epoch_seconds"
        found.has_zone = found.has_clock = True
        return found
    found.has_zone = any(re.search(r"(Z|UTC|GMT|[+-]\d\d:?\d\d)$", value) for value in values)
    found.has_clock = any(":" in value for value in values)
    parts = [
        match
        for value in values
        if (match := re.match(r"^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d\d)\b(.*)$", value))
    ]
    if parts:
        separator, year = parts[0][2], "%Y" if len(parts[0][4]) == 4 else "%y"
        day_first = any(int(match[1]) > 12 for match in parts)
        month_first = any(int(match[3]) > 12 for match in parts)
        found.undecided = day_first == month_first
        order = (
            ["%m", "%d"] if month_first or (separator == "/" and found.undecided) else ["%d", "%m"]
        )
        date = separator.join([*order, year])
        clocks = {match[5] for match in parts}
        if any(clock.strip() == "" for clock in clocks):
            found.formats.append(date)
        if any(clock.count(":") == 1 for clock in clocks):
            found.formats.append(
                f"{date} %I:%M %p"
                if any("m" in clock.lower() for clock in clocks)
                else f"{date} %H:%M"
            )
        if any(clock.count(":") == 2 for clock in clocks):
            found.formats.append(
                f"{date} %I:%M:%S %p"
                if any("m" in clock.lower() for clock in clocks)
                else f"{date} %H:%M:%S"
            )
    return found


def moment(column: str, how: Times) -> str:
    """SQL of a column's times as timestamps, null where they cannot be read."""
    text = text_of(column)
    if how.unit:
        divisor = 1000 if how.unit == "epoch_milliseconds" else 1
        return f"cast(to_timestamp(try_cast({text} as double) / {divisor}) as timestamp)"
    formats = ", ".join(f"'{each}'" for each in how.formats)
    # The first ten characters are the day of an ISO time, whatever comes after.
    iso = f"try_cast(left({text}, 10) as timestamp)"
    return f"coalesce(try_strptime({text}, [{formats}]), {iso})" if formats else iso


@dataclass
class Rhythm:
    """How soon customers order again: days between the orders of a customer, and how many such pairs there are."""

    median: float
    nine_of_ten: float
    pairs: int


def rhythm(mapping: Mapping, how: Times, connection: duckdb.DuckDBPyConnection) -> Rhythm | None:
    """The rhythm of orders; None below 20 pairs of days."""
    customer, ordered = (mapping.columns[name].name for name in ("customer_id", "ordered_at"))
    median, nine, pairs = connection.execute(
        f"""
        with days as (
            select distinct lower({text_of(customer)}) as customer, cast({moment(ordered, how)} as date) as day
            from {mapping.table.relation}
        ),
        gaps as (
            select day - lag(day) over (partition by customer order by day) as gap from days where customer <> '' and day is not null
        )
        select median(gap), quantile_cont(gap, 0.9), count(gap) from gaps
        """
    ).fetchone()
    return Rhythm(float(median), float(nine), pairs) if pairs >= 20 else None


def known_share(
    buyers: Mapping, customers: Mapping, connection: duckdb.DuckDBPyConnection
) -> float:
    """The share of those who ordered, or subscribed, who are among the customers, by their ids as they are."""
    bought, known = (
        f"select distinct lower({text_of(each.columns['customer_id'].name)}) as id"
        f" from {each.table.relation}"
        for each in (buyers, customers)
    )
    found = connection.execute(
        f"select count(k.id) / greatest(count(*), 1) from ({bought}) as b left join ({known}) as k using (id)"
        " where b.id <> ''"
    )
    return float(found.fetchone()[0])


def last_day(
    mapping: Mapping, raw_column: str, how: Times, connection: duckdb.DuckDBPyConnection
) -> str | None:
    """The last day in a column, as text."""
    column = mapping.columns[raw_column].name
    found = connection.execute(
        f"select cast(max(cast({moment(column, how)} as date)) as varchar) from {mapping.table.relation}"
    )
    return found.fetchone()[0]
