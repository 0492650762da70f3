"""Figures that administrators ask for, made of derived rows."""
