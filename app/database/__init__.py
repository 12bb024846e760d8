"""The database: one engine, one writer, migrations. It knows no domain words."""
