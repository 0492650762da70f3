"""Import of tables: files of others become records, row by row."""
