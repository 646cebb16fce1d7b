"""Mistakes that the tests must notice: a sample of the catalogue in tests/mutants, and that all of it is up to date.

`make mutants` runs all of them and writes docs/mutants.md, which says which unit test notices which. The sample is, of
those, every mutant that once went unnoticed and the first of each model (macros stand in many models, so that each would
need a run of its own); each is run with that one unit test.
"""

import re
import shutil
from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest
from mutants import ROOMS, Mutant, catalogue, failing_unit_tests, fault, reaches, reported, rounds

MUTANTS = catalogue()
REPORTED = reported()


def noticed_by(mutant: Mutant) -> str:
    """The unit test that notices a mutant by the report, as 'model: unit test'; empty where none does."""
    found = re.match(r"`([^`]+: [^`]+)`", REPORTED.get(mutant.id, ("", ""))[1])
    return found.group(1) if found else ""


def sample() -> list[Mutant]:
    """What is run here: in the order of the catalogue, so that it does not change from run to run."""
    of_unit_tests = [mutant for mutant in MUTANTS if noticed_by(mutant)]
    first = {mutant.file: mutant for mutant in reversed(of_unit_tests)}
    return [
        mutant
        for mutant in of_unit_tests
        if mutant.survived or (first[mutant.file] is mutant and mutant.file.startswith("models"))
    ]


def test_every_mutant_still_applies() -> None:
    faults = [fault(mutant) for mutant in MUTANTS if fault(mutant)]
    assert not faults, "\n".join(faults)
    assert len({mutant.id for mutant in MUTANTS}) == len(MUTANTS) >= 200
    assert {mutant.room for mutant in MUTANTS} == set(ROOMS)


def test_the_page_lists_every_mutant_and_who_notices_it() -> None:
    assert {id: mistake for id, (mistake, _) in REPORTED.items()} == {
        mutant.id: mutant.mistake for mutant in MUTANTS
    }, "docs/mutants.md is not of this catalogue: make mutants"
    unnoticed = [id for id, (_, who) in REPORTED.items() if who == "**nobody**"]
    assert not unnoticed, f"no test notices {unnoticed}"


def test_an_outdated_mutant_says_so() -> None:
    outdated = Mutant("old", "ledger", MUTANTS[0].file, "no such words", "", "Nothing.")
    assert fault(outdated) == (
        f"The mutant old no longer applies: 'no such words' stands 0 times in {outdated.file}, and should 1 times. "
        "Bring tests/mutants/ledger.toml up to date."
    )


@pytest.fixture(scope="module")
def noticed(
    demo_database: Path, demo_manifest: Manifest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict]:
    """Mutant id -> the unit tests that fail, of the one that should: without mistakes all pass (test_unit_tests.py)."""
    database = tmp_path_factory.mktemp("mutants") / "built.duckdb"
    shutil.copy(demo_database, database)
    asked = {mutant.id: {noticed_by(mutant).split(":")[0]} for mutant in sample()}
    found: dict[str, dict] = {}
    for together in rounds(sample(), asked, reaches(demo_manifest, sample())):
        only = frozenset(noticed_by(mutant) for mutant in together)
        found |= failing_unit_tests(together, asked, database, only)
    return found


@pytest.mark.parametrize("mutant", sample(), ids=[mutant.id for mutant in sample()])
def test_the_unit_test_notices(mutant: Mutant, noticed: dict[str, dict]) -> None:
    assert noticed[mutant.id].get(noticed_by(mutant)) == "fail", (
        f"{mutant.mistake} ({mutant.wrong!r} instead of {mutant.right!r} in {mutant.file}) went unnoticed"
    )
