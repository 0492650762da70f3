"""The page of one laptop, on 127.0.0.1: the same functions as the commands."""
