"""The laptop's database: one encrypted SQLite file."""
