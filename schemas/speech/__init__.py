"""Languages: the four of them, catalogues of texts, what rules say, numbers and days."""
