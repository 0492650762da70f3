"""Soil organic carbon stocks and their change: pure equations on arrays."""
