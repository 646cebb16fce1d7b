"""Pieces of Markdown in which nothing that comes from data, settings or files is Markdown, HTML or the name of somebody."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

#: Rows of a table, and characters of a cell, before it is cut.
ROWS, CELL = 40, 300
ARROW = " → "


def code(text: object, most: int = CELL) -> str:
    """Any text as code in a table: nothing in it is Markdown, HTML or the name of somebody."""
    said = " ".join(str(text).split())
    said = said if len(said) <= most else said[: most - 1] + "…"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", said)), default=0))
    pad = " " if said.startswith("`") or said.endswith("`") or not said else ""
    return f"{fence}{pad}{said}{pad}{fence}".replace("|", "\\|")


def words(text: object, most: int = CELL) -> str:
    """Any text as words in a table or sentence."""
    said = " ".join(str(text).split())
    said = said if len(said) <= most else said[: most - 1] + "…"
    said = re.sub(r"([\\`*_\[\]|~#])", r"\\\1", said)
    return (
        said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "@\u200b")
    )


def prose(text: str, most: int = CELL) -> str:
    """Somebody's Markdown as words of which only code stays code."""
    said = text if len(text) <= most else text[: most - 1] + "…"
    found = ""
    for number, part in enumerate(re.split(r"(?<!`)`([^`]+)`(?!`)", said)):
        before, after = (" " * edge.isspace() for edge in (part[:1], part[-1:]))
        found += code(part) if number % 2 else f"{before}{words(part)}{after}"
    return found


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], what: str, numbers: Iterable[int] = ()
) -> str:
    """A table of cells that are Markdown already; after the first rows, how many there are more."""
    rule = ["---:" if number in set(numbers) else "---" for number in range(len(header))]
    lines = [header, rule, *rows[:ROWS]]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    if len(rows) > ROWS:
        text += f"\n\n… and {len(rows) - ROWS:,} more {what}, which `--format json` lists."
    return text


def fenced(lines: Iterable[str]) -> str:
    """Lines as a block in which `-` and `+` are coloured."""
    text = "\n".join(line.replace("\n", " ") for line in lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}diff\n{text}\n{fence}"


def folded(title: str, text: str) -> str:
    """Text that opens with a click."""
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def figure(value: Decimal | None, unit: str, digits: int | None = None) -> str:
    """A figure as people write it."""
    if value is None:
        return "null"
    if unit == "fraction":
        return f"{value * 100:.{1 if digits is None else digits}f}%"
    if digits is None:
        digits = 2 if unit.startswith("amount") else 0 if value == value.to_integral_value() else 2
    return f"{value:,.{digits}f}"


def move(before: Decimal | None, after: Decimal | None, unit: str) -> str:
    """Two figures that differ, with as many digits as show it."""
    for digits in (None, 2, 4, 6):
        both = [figure(value, unit, digits) for value in (before, after)]
        if both[0] != both[1]:
            break
    return ARROW.join(both)
