"""What of a change nobody has acknowledged. The rules stand in docs/reviewing.md."""

from collections.abc import Iterable
from dataclasses import dataclass

from retention_ledger.diff.facts import Comparison, Moved, Schema
from retention_ledger.diff.notes import Notes


@dataclass(frozen=True)
class Problem:
    """Something that changed and should say so: `kind` is definition, setting, metric, value, row or schema."""

    kind: str
    names: tuple[str, ...]
    says: str


def judge(
    main: Comparison, notes: Notes, own: Comparison | None = None, catalogue_differs: bool = False
) -> list[Problem]:
    """All problems: of the definitions, the policy and the tables, then of values, then of one's own published values.

    ``catalogue_differs`` says that files which may define metrics are known to differ.
    """
    problems = [
        *(of_definitions(main) if not follow_policy(main, catalogue_differs) else []),
        *of_settings(main),
        *of_values(main, main.values.data),
        *of_rows(main),
        *of_readers(main, notes),
    ]
    return [*problems, *(of_values(own, own.values.data) if own is not None else [])]


def follow_policy(comparison: Comparison, catalogue_differs: bool) -> bool:
    """Whether definitions are others because a setting is: the condition of one may name a setting. Then the setting has
    to say so, and the `version` of the metric, which may stand in somebody else's package, has not."""
    return not catalogue_differs and bool(changed_settings(comparison))


def changed_settings(comparison: Comparison) -> list[str]:
    """The settings that define figures and have another value."""
    return [
        each.name
        for each in comparison.settings
        if each.is_part_of_version and each.change == "changed"
    ]


def listing(names: Iterable[str], most: int = 8) -> str:
    """Names in a sentence; of many, the first."""
    names = [f"`{name}`" for name in names]
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def unversioned(comparison: Comparison) -> list[str]:
    """Metrics whose meaning changed while their version did not."""
    return [
        each.metric
        for each in comparison.definitions
        if each.change == "changed" and not each.is_versioned
    ]


def of_definitions(comparison: Comparison) -> list[Problem]:
    """A formula is another, and the version of its metric is not."""
    names = unversioned(comparison)
    if not names:
        return []
    one = len(names) == 1
    says = (
        f"The definition of {listing(names)} changed, and {'its version' if one else 'their versions'} did not: raise "
        f"`version` in {'its entry' if one else 'their entries'} of the catalogue (macros/metrics)."
    )
    return [Problem("definition", tuple(names), says)]


def of_settings(comparison: Comparison) -> list[Problem]:
    """A setting that defines figures is another, and the release of the policy is not."""
    names = changed_settings(comparison)
    if not names or comparison.release_before != comparison.release_after:
        return []
    says = f"The policy changed ({listing(names)}), and its release is still {comparison.release_after}: name another `policy_release`."
    return [Problem("setting", tuple(names), says)]


def unexplained(comparison: Comparison) -> list[Moved]:
    """Metrics whose closed values moved or went although nothing says that they mean something else now.

    A new release of the policy explains all, a setting that changed too (it is a problem of its own where there is no
    new release), a definition or version that changed its own metric.
    """
    if explains_all(comparison) or comparison.values.other_data:
        return []
    explained = {
        each.metric
        for each in comparison.definitions
        if each.change in ("changed", "versioned", "removed")
    }
    return [
        each
        for each in comparison.values.moved
        if (each.moved or each.gone) and each.metric not in explained
    ]


def explains_all(comparison: Comparison) -> bool:
    """Whether the policy itself is another."""
    is_new = comparison.release_before != comparison.release_after
    return is_new or bool(changed_settings(comparison))


def of_values(comparison: Comparison, data: str) -> list[Problem]:
    """Figures of closed periods are others, and no definition is."""
    moved = unexplained(comparison)
    if not moved:
        return []
    names = [each.metric for each in moved]
    values = sum(each.moved + each.gone for each in moved)
    says = (
        f"{values:,} {'value' if values == 1 else 'values'} of closed periods ({data.split(',')[0]}) moved, of {listing(names)}, and no "
        f"definition, version or setting changed with them: a model changed what they mean. Where that is meant, raise the "
        f"`version` of {'the metric' if len(names) == 1 else 'these metrics'} or name another `policy_release`."
    )
    return [Problem("value", tuple(names), says)]


def of_rows(comparison: Comparison) -> list[Problem]:
    """Rows of marts are others, although nothing at all says that something changed."""
    rows = [each for each in comparison.values.rows or () if each.only_before]
    versioned = any(each.change in ("changed", "versioned") for each in comparison.definitions)
    said = versioned or explains_all(comparison) or unexplained(comparison)
    if not rows or said or comparison.values.other_data:
        return []
    names = [each.mart for each in rows]
    says = (
        f"Rows of {listing(names)} are not what they were with the same data, and no definition, version or setting "
        "changed: a model changed. Where that is meant, name another `policy_release`."
    )
    return [Problem("row", tuple(names), says)]


def of_readers(comparison: Comparison, notes: Notes) -> list[Problem]:
    """A query that worked may not work any more, and CHANGELOG does not say so. Databases have no CHANGELOG."""
    if not notes.has_files:
        return []
    where = (
        "No new entry of CHANGELOG.md names it"
        if notes.changelog is not None
        else "There is no CHANGELOG.md that says so"
    )
    problems = [
        Problem("metric", (each.metric,), f"The metric `{each.metric}` was removed. {where}.")
        for each in comparison.definitions
        if each.change == "removed" and not notes.mention(each.metric)
    ]
    unnamed = [
        each
        for each in comparison.schema
        if each.breaks_readers
        and not notes.mention(each.mart, *([each.column] if each.column else []))
    ]
    names = tuple(each.name for each in unnamed)
    if len(unnamed) == 1:
        says = f"{in_words(unnamed[0])}, which breaks who reads it. {where}."
        problems.append(Problem("schema", names, says))
    elif unnamed:
        says = f"{len(names)} marts and columns were removed or have another type, which breaks who reads them: {listing(names)}. {where}."
        problems.append(
            Problem("schema", names, says.replace("names it.", "names them or their mart."))
        )
    return problems


def in_words(change: Schema) -> str:
    """A change of a mart or a column as the beginning of a sentence."""
    if change.column is None:
        return f"The mart `{change.mart}` was {change.change}"
    if change.change in ("type", "wider"):
        return f"The column `{change.column}` of `{change.mart}` was {change.before} and is {change.after}"
    return f"The column `{change.column}` of `{change.mart}` was {change.change}"
