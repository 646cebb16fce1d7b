"""The worked questions in `analyses` answer on the demo, as `dbt show` asks them: with a limit after the SQL."""

import shutil
from pathlib import Path

from dbt_project import ROOT, dbt, query


def test_each_question_has_an_answer(demo_database: Path, tmp_path: Path) -> None:
    database = Path(shutil.copy(demo_database, tmp_path / "built.duckdb"))
    run = dbt("compile", "--select", "path:analyses", database=database)
    assert run.ok, run.text
    questions = {result.node.name: result.node.compiled_code for result in run.outcome.result}
    assert questions.keys() == {path.stem for path in (ROOT / "analyses").glob("*.sql")}
    assert [name for name, sql in questions.items() if not query(database, f"{sql}\nlimit 5")] == []
