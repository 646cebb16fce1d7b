"""The benchmark runs, and measures every room; how long that takes is nobody's concern here."""

from pathlib import Path

from test_structure import ROOMS

from retention_ledger.bench import bench


def test_every_room_is_measured(tmp_path: Path) -> None:
    table = bench(200, tmp_path).splitlines()
    assert table[0].startswith("200 customers, ")
    measured = [line.split()[0] for line in table[3:]]
    assert sorted(measured) == sorted([*(room for room in ROOMS if room != "base"), "predict"])
