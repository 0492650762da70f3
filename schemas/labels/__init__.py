"""Labels of bags: their codes, and what a scanner typed that was meant to be one. Pure."""
