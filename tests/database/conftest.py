"""What asks a PostgreSQL server is collected where one runs: nothing is skipped on either database."""

from tests.databases import SERVER

collect_ignore = [] if SERVER else ["test_postgres_server.py"]
