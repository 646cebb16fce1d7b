"""The benchmark runs, measures every room, and counts by hand what the ledger counts; how long that takes is nobody's concern here."""

import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt_project import manifest_of
from test_structure import ROOMS

from retention_ledger.bench import bench, database, same_counts, settings


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("bench")

    def manifest() -> Manifest:
        found = manifest_of(settings(folder), database(folder))
        assert isinstance(found, Manifest)
        return found

    # The data tests of one mart: that they pass on such data is no concern of this file either.
    return bench(
        200,
        folder,
        memory_limit="1GB",
        tests="retention_by_period,test_type:data",
        manifest=manifest,
    )


def test_every_room_is_measured(page: str) -> None:
    assert page.startswith("200 customers, ")
    measured = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")]
    for room in (*(room for room in ROOMS if room != "base"), "data tests", "predict"):
        assert room in measured, page
    assert "failed" not in page


def test_by_hand_the_counts_are_those_of_the_ledger(page: str) -> None:
    assert "a spine of customers and months, in SQL" in page and "a script for pandas" in page


def test_other_counts_are_noticed() -> None:
    assert same_counts([("2024-01", 1), ("2024-02", 2)], [("2024-01", 1)])
    assert not same_counts([("2024-01", 1)], [("2024-01", 2)])
    assert not same_counts([("2024-01", 1)], [])
