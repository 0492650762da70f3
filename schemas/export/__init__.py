"""Records as plain tables for other programs: their columns, names and files."""
