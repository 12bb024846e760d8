"""The file of all customers' numbers is whole or as it was before."""

from pathlib import Path

import polars as pl
import pytest

from app.errors import InvalidInput
from app.predict.kept.export import check_out, write

TABLE = pl.DataFrame({"customer_id": ["a", "b"], "value": [1, None], "missing": [[], ["orders", "more"]]})


def test_parquet_comes_back_as_it_was(tmp_path: Path) -> None:
    write(TABLE, tmp_path / "numbers.parquet")
    assert pl.read_parquet(tmp_path / "numbers.parquet").equals(TABLE)
    assert [path.name for path in tmp_path.iterdir()] == ["numbers.parquet"]


def test_lists_are_words_in_csv(tmp_path: Path) -> None:
    write(TABLE, tmp_path / "numbers.csv")
    assert (tmp_path / "numbers.csv").read_text().splitlines() == [
        "customer_id,value,missing",
        'a,1,""',
        "b,,orders more",
    ]


def test_a_file_is_replaced_as_a_whole_and_kept_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "numbers.parquet"
    write(TABLE, path)
    write(TABLE.head(1), path)
    assert pl.read_parquet(path).height == 1
    unwritable = TABLE.with_columns(pl.Series("thing", [object(), object()], dtype=pl.Object))
    with pytest.raises(Exception, match=r"(?i)object"):  # whatever polars says
        write(unwritable, path)
    assert pl.read_parquet(path).height == 1
    assert [found.name for found in tmp_path.iterdir()] == ["numbers.parquet"]


@pytest.mark.parametrize("name", ["numbers", "numbers.xlsx", "none/numbers.parquet", "folder.parquet"])
def test_a_file_that_cannot_be_written_is_refused_beforehand(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(InvalidInput, match="--out"):
        check_out(tmp_path / name)
