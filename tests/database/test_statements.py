from sqlalchemy import BigInteger, Column, MetaData, String, Table

from app.database.engine import Database
from app.database.statements import execute, execute_each, insert_rows, query, select_in, upsert_rows

words = Table(
    "words",
    MetaData(),
    Column("workspace_id", String, primary_key=True),
    Column("word", String, primary_key=True),
    Column("n", BigInteger),
)
names = Table("names", MetaData(), Column("name", String, primary_key=True))
ROWS = [("shop", f"w{n}", n) for n in range(1_300)]


def test_rows_go_in_and_come_back_by_any_number_of_wanted_values(database: Database) -> None:
    with database.write() as connection:
        words.create(connection)
        insert_rows(connection, words, ROWS)
        insert_rows(connection, words, [])
    sql = "SELECT word, n FROM words WHERE workspace_id = ? AND word IN"
    with database.read() as connection:
        for wanted in ([], ["w3"], ["w3", "w9", "w9", "none"], [f"w{n}" for n in range(1_100)]):
            found = dict(select_in(connection, sql, ("shop",), wanted))
            assert found == {word: n for _, word, n in ROWS if word in set(wanted)}
        assert query(connection, "SELECT COUNT(*) FROM words WHERE workspace_id = ?", ("other",)) == [(0,)]


def test_an_upsert_replaces_what_has_the_same_key(database: Database) -> None:
    with database.write() as connection:
        words.create(connection)
        insert_rows(connection, words, ROWS[:2])
        upsert_rows(connection, words, [("shop", "w1", None), ("shop", "new", 7)])
        execute_each(connection, "DELETE FROM words WHERE word = ?", [("w0",), ("none",)])
        execute(connection, "UPDATE words SET n = n + ? WHERE word = ?", (1, "new"))
        assert sorted(query(connection, "SELECT word, n FROM words")) == [("new", 8), ("w1", None)]


def test_an_upsert_of_keys_alone_leaves_known_ones(database: Database) -> None:
    with database.write() as connection:
        names.create(connection)
        for _ in range(2):
            upsert_rows(connection, names, [("a",), ("b",)])
        assert sorted(query(connection, "SELECT name FROM names")) == [("a",), ("b",)]
