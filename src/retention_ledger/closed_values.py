"""The values of closed periods, of two builds side by side: what restatements and reviews compare."""

#: What names one value of metric_values. `closed_values` makes the basis joinable.
KEYS = "metric, basis, period_grain, period_start, period_end, segment_dimension, segment_value"
#: Joined on, so it is not null.
NO_BASIS = "coalesce(basis, '') as basis"


def closed_values(table: str) -> str:
    """The SELECT of a build's values of complete periods, one row per key."""
    keys = KEYS.replace("basis", NO_BASIS)
    return f"select {keys}, value from {table} where period_status = 'complete'"


def side_by_side(before: str, after: str) -> str:
    """The CTEs `both_builds` and `shared` over two relations that `closed_values` has made.

    both_builds: a row per key with old_value, new_value, was_there and is_there. shared: the metrics, bases, grains,
    periods and dimensions that both builds have. What only one has of these cannot have moved; a segment that is new
    in one of them, or gone, has moved from or to nothing.
    """
    return f"""
both_builds as (
    select {KEYS}, before.value as old_value, after.value as new_value,
        before.is_there is not null as was_there, after.is_there is not null as is_there
    from (select *, true as is_there from {before}) as before
    full join (select *, true as is_there from {after}) as after using ({KEYS})
),
shared as (
    select metric, basis, period_grain, period_start, segment_dimension
    from both_builds
    group by all
    having bool_or(was_there) and bool_or(is_there)
)"""


#: Of `both_builds` within `shared`: the value moved.
HAS_MOVED = """old_value is distinct from new_value
    and ((was_there and is_there) or coalesce(old_value, new_value) <> 0)"""
