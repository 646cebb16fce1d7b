"""A review as Markdown for a comment."""

from collections.abc import Iterable
from datetime import date

from retention_ledger.cli.headline import period_name
from retention_ledger.diff.facts import Comparison, Definition, Figure, Moved, Values
from retention_ledger.diff.judge import follow_policy, in_words
from retention_ledger.diff.markdown import (
    ARROW,
    ROWS,
    code,
    fenced,
    figure,
    folded,
    move,
    prose,
    table,
    words,
)
from retention_ledger.diff.review import Review, has_changes, needs_a_word

#: By this a workflow finds its comment again.
MARKER = "<!-- retention-ledger diff -->"
#: GitHub takes 65,536 characters; some are left for who posts it.
LONGEST = 65_000


def to_markdown(review: Review, longest: int = LONGEST) -> str:
    """The review as a comment, never longer than `longest` bytes: what is cut is said."""
    sections = [section for section in sections_of(review) if section[1]]
    left_out: list[str] = []
    while True:
        said = "\n\n".join(text for _, text in sections)
        if left_out:
            named = ", ".join(reversed(left_out))
            said += f"\n\nLeft out, because a comment takes no more: {named}. `--format json` has everything."
        if len(said.encode()) <= longest or len(sections) == 1:
            return said.encode()[:longest].decode(errors="ignore") + "\n"
        left_out.append(sections.pop()[0])


def sections_of(review: Review) -> list[tuple[str, str]]:
    """Name and text of each part, what matters most first."""
    main = review.main
    heading = f"{MARKER}\n## What this does to the metrics"
    if main is None:
        same = f"**Nothing changed.** {code(review.base)} and {code(review.head)} read the same models, macros, seeds and settings."
        return [("heading", f"{heading}\n\n{same}")]
    values = main.values
    sections = [
        ("heading", f"{heading}\n\n{said_first(review, main)}"),
        ("problems", "\n".join(f"{n}. {each.says}" for n, each in enumerate(review.problems, 1))),
        ("definitions", definitions(main, follow_policy(main, review.catalogue_differs))),
        ("policy", policy(main)),
        ("acknowledged", acknowledged(review, main) if has_changes(main) else ""),
        ("tables", tables(main)),
        ("headline", headline(values, "")),
        ("values that moved", values_moved(values, "")),
        ("rows", rows_of(values)),
    ]
    if review.own is not None:
        own = review.own.values
        sections += [
            ("own marts", own_marts(review.own)),
            ("headline of the own marts", headline(own, "of your published marts")),
            ("values of the own marts that moved", values_moved(own, "of your published marts")),
        ]
    return [*sections, ("reworded", reworded(main))]


def said_first(review: Review, main: Comparison) -> str:
    """The verdict, and what was compared."""
    number = len(review.problems)
    verdict = {
        "not acknowledged": f"**Not acknowledged: {number} {'thing' if number == 1 else 'things'} changed without saying so.**",
        "acknowledged": "**Something changed, and it is acknowledged.**",
        "harmless": "**No definition changed, and no closed figure moved.** Words, or what is new beside the old, are below.",
        "nothing changed": "**Nothing changed.** Definitions, policy, tables and figures are the same.",
    }[review.verdict]
    version = main.version_before
    if main.version_after != version:
        version += ARROW + main.version_after
    values = main.values
    as_of = values.as_of_before + (
        "" if values.as_of_before == values.as_of_after else ARROW + values.as_of_after
    )
    said = [words(values.other_data)] if values.other_data and review.own is not main else []
    if review.files:
        more = f" and {len(review.files) - 10:,} more" if len(review.files) > 10 else ""
        said.append(
            f"Files that dbt reads and that differ: {', '.join(map(code, review.files[:10]))}{more}."
        )
    return (
        f"{verdict}\n\n{code(review.base)}{ARROW}{code(review.head)}, policy {code(version)}. Compared on {values.data} "
        f"(data through {as_of}): {values.compared:,} {'value' if values.compared == 1 else 'values'} of closed periods."
        + "".join(f"\n\n{part}" for part in said)
    )


def formula_lines(each: Definition) -> list[str]:
    """The fields that changed, before and after."""
    lines = []
    width = max((len(change.name) for change in each.changes), default=0)
    for change in each.changes:
        lines += [f"- {change.name:<{width}}  {change.before if change.before is not None else 'none'}",
                  f"+ {change.name:<{width}}  {change.after if change.after is not None else 'none'}"]  # fmt: skip
    return lines


def definitions(main: Comparison, by_policy: bool) -> str:
    """Metrics that are new, gone or other, with their formulas."""
    parts = []
    of_kind = {kind: [each for each in main.definitions if each.change == kind]
               for kind in ("changed", "versioned", "removed", "added")}  # fmt: skip
    moved = {each.metric: each.moved for each in main.values.moved}
    # Metrics of which the same changed are said at once.
    alike: dict[tuple, list[Definition]] = {}
    for each in of_kind["changed"]:
        alike.setdefault((each.changes, each.version_before, each.version_after), []).append(each)
    for together in list(alike.values())[:ROWS]:
        first, number = together[0], sum(moved.get(each.metric, 0) for each in together)
        version = (
            f"version {first.version_before}{ARROW}{first.version_after}"
            if first.is_versioned
            else "because a setting did"
            if by_policy
            else f"version {first.version_before}, **not raised**"
        )
        said = (
            f"{number:,} closed {'value' if number == 1 else 'values'} moved"
            if number
            else "no closed value moved"
        )
        names = ", ".join(code(each.metric) for each in together)
        parts.append(f"{names} changed ({version}; {said})\n\n{fenced(formula_lines(first))}")
    if len(alike) > ROWS:
        parts.append(
            f"… and {len(alike) - ROWS:,} more definitions changed, which `--format json` lists."
        )
    rows = [
        [
            code(each.metric),
            f"version {each.version_before}{ARROW}{each.version_after}, the formula is the same",
            code(each.formula),
        ]
        for each in of_kind["versioned"]
    ]
    rows += [
        [code(each.metric), each.change, code(each.formula)]
        for kind in ("removed", "added")
        for each in of_kind[kind]
    ]
    if rows:
        parts.append(table(("metric", "", "formula"), rows, "metrics"))
    return "\n\n".join(["### Definitions", *parts]) if parts else ""


def policy(main: Comparison) -> str:
    """Settings that differ."""
    rows = [
        [
            code(each.name),
            "not there" if each.before is None else code(each.before),
            "not there" if each.after is None else code(each.after),
            words(each.meaning)
            + ("" if each.is_part_of_version else " (not part of a definition)"),
        ]
        for each in main.settings
    ]
    return (
        f"### Policy\n\n{table(('setting', 'before', 'after', 'what it decides'), rows, 'settings')}"
        if rows
        else ""
    )


def acknowledged(review: Review, main: Comparison) -> str:
    """What of the four is there, and what is missing."""
    notes, by_policy = review.notes, follow_policy(main, review.catalogue_differs)
    meant = [each for each in main.definitions if each.change in ("changed", "versioned")]
    raised = [code(each.metric) for each in meant if each.is_versioned]
    missing = [code(each.metric) for each in meant if not each.is_versioned]
    versions = [*([f"raised: {', '.join(raised[:20])}"] if raised else []),
                *([f"{'follow the policy' if by_policy else '**missing**'}: {', '.join(missing[:20])}"] if missing else [])]  # fmt: skip
    asks = needs_a_word(main) or any(each.change == "added" for each in main.definitions)
    none = "**missing**" if asks else "none"
    rows = [
        ["policy version", code(main.version_before) + (
            ARROW + code(main.version_after) if main.version_before != main.version_after else ", the same"
        )],
        ["policy release", code(main.release_before) + (
            ARROW + code(main.release_after) if main.release_before != main.release_after else ", the same"
        )],
        ["versions of metrics", "; ".join(versions) or "no definition changed"],
    ]  # fmt: skip
    for name, found in (("CHANGELOG", notes.changelog), ("decisions", notes.decisions)):
        if not notes.has_files:
            said = "not looked at: a database has no such file"
        elif found is None:
            said = "there is no such file"
        else:
            said = "<br>".join(prose(entry, 240) for entry in found[:5]) or none
            said += f"<br>… and {len(found) - 5} more" if len(found) > 5 else ""
        rows.append([name, said])
    return f"### Acknowledged\n\n{table(('', ''), rows, 'rows')}"


def tables(main: Comparison) -> str:
    """Marts and columns that are new, gone or of another type."""
    breaking = [each for each in main.schema if each.breaks_readers]
    parts = []
    if breaking:
        parts.append("\n".join(f"- {in_words(each)}." for each in breaking[:ROWS]))
        if len(breaking) > ROWS:
            parts.append(f"… and {len(breaking) - ROWS:,} more, which `--format json` lists.")
    for title, change in (
        ("New", "added"),
        ("Wider types, which hold all that the old ones did", "wider"),
    ):
        names = [code(each.name) for each in main.schema if each.change == change]
        more = f" and {len(names) - ROWS:,} more" if len(names) > ROWS else ""
        if names:
            parts.append(f"{title}: {', '.join(names[:ROWS])}{more}.")
    heading = "### Tables: what breaks readers" if breaking else "### Tables"
    return "\n\n".join([heading, *parts]) if parts else ""


def headline(values: Values, whose: str) -> str:
    """The headline of the latest closed periods: a row per basis and metric, a column per grain."""
    if not values.headline:
        return ""
    grains = list(dict.fromkeys(each.grain for each in values.headline))
    grains.sort(key=("week", "month", "quarter", "year").index)
    latest = {
        grain: max(each.period for each in values.headline if each.grain == grain)
        for grain in grains
    }
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for each in values.headline:
        cells.setdefault((each.basis, each.metric), {})[each.grain] = headline_cell(
            each, latest[each.grain], values.calendar
        )
    header = (
        "metric",
        "basis",
        *(f"{grain} {period_name(grain, latest[grain], values.calendar)}" for grain in grains),
    )
    moved = {(each.basis, each.metric) for each in values.headline if each.before != each.after}

    def shown(these: Iterable[tuple[str, str]]) -> str:
        rows = [
            [
                code(metric),
                code(basis or "-"),
                *(cells[basis, metric].get(grain, "") for grain in grains),
            ]
            for basis, metric in these
        ]
        return table(header, rows, "figures", range(2, len(header)))

    title = f"Headline {whose}".strip()
    rest = shown(key for key in cells if key not in moved)
    if not moved:
        return folded(f"{title}: no figure of the latest closed periods moved", rest)
    parts = [f"### {title}, before{ARROW}after", shown(key for key in cells if key in moved)]
    if len(moved) < len(cells):
        parts.append(folded(f"{len(cells) - len(moved)} more, which did not move", rest))
    return "\n\n".join(parts)


def headline_cell(each: Figure, latest: date, calendar: str) -> str:
    """One figure, or two where it moved; with its period where that is not the latest of the column."""
    said = (
        figure(each.before, each.unit)
        if each.before == each.after
        else f"**{move(each.before, each.after, each.unit)}**"
    )
    return (
        said
        if each.period == latest
        else f"{said} ({period_name(each.grain, each.period, calendar)})"
    )


def values_moved(values: Values, whose: str) -> str:
    """Per metric how many closed values moved, since when, and the largest move."""
    parts = []
    rows = [moved_row(each, values.calendar) for each in values.moved if each.moved or each.gone]
    if rows:
        header = ("metric", "moved", "gone", "new", "first", "largest move", "where")
        parts.append(table(header, rows, "metrics", (1, 2, 3)))
    new = [
        f"{code(each.metric)} ({each.new:,})"
        for each in values.moved
        if not each.moved and not each.gone
    ]
    if new:
        more = f" and {len(new) - ROWS:,} more" if len(new) > ROWS else ""
        parts.append(f"New values, beside those that were there: {', '.join(new[:ROWS])}{more}.")
    title = " ".join(f"### Closed values {whose} that {'moved' if rows else 'are new'}".split())
    return "\n\n".join([title, *parts]) if parts else ""


def moved_row(each: Moved, calendar: str) -> list[str]:
    """The cells of a metric whose values moved."""
    numbers = [f"{each.moved:,} of {each.compared:,}", f"{each.gone:,}", f"{each.new:,}"]
    if each.period is None or each.grain is None:
        return [code(each.metric), *numbers, "", "", ""]
    where = [period_name(each.grain, each.period, calendar), each.basis or "", each.dimension or ""]
    if each.dimension != "all":
        where.append(each.segment or "")
    return [
        code(each.metric), *numbers, str(each.first_period), move(each.before, each.after, each.unit),
        code(", ".join(part for part in where if part), 120),
    ]  # fmt: skip


def rows_of(values: Values) -> str:
    """Marts of which rows differ."""
    rows = [
        [code(each.mart), f"{each.only_before:,}", f"{each.only_after:,}"]
        for each in values.rows or ()
    ]
    if not rows:
        return ""
    text = table(("mart", "rows only before", "rows only after"), rows, "marts", (1, 2))
    return folded(f"Rows of {len(rows)} {'mart' if len(rows) == 1 else 'marts'} differ", text)


def own_marts(own: Comparison) -> str:
    """What was done with one's own published marts."""
    values = own.values
    said = [
        "### Your published marts",
        f"{values.data[0].upper()}{values.data[1:]}, with the settings that the database remembers: "
        f"of {values.compared:,} values of closed periods "
        f"{sum(each.moved for each in values.moved):,} moved.",
    ]
    if values.other_data:
        said.append(words(values.other_data))
    return "\n\n".join(said)


def reworded(main: Comparison) -> str:
    """What is said otherwise and means the same."""
    lines = []
    changed = [each for each in main.definitions if each.words]
    for each in changed[:ROWS]:
        lines.append(f"  {each.metric}")
        for change in each.words:
            lines += [
                f"- {change.name}: {change.before or 'none'}",
                f"+ {change.name}: {change.after or 'none'}",
            ]
    if not lines:
        return ""
    more = (
        f"\n\n… and {len(changed) - ROWS:,} more, which `--format json` lists."
        if len(changed) > ROWS
        else ""
    )
    one = len(changed) == 1
    return folded(
        f"{len(changed)} {'metric is' if one else 'metrics are'} said in other words",
        fenced(lines) + more,
    )
