"""Permille on the server: intake, merge, stocks, store and exchange."""
