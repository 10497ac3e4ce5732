"""Aggregate statistics of the recognition engines (see `benchmarks/identity_calibration.py`); nobody's own vectors."""
