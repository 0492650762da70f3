"""Build `permille` as a folder that runs where there is no Python."""
