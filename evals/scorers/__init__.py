"""Deterministic scorers: arrays or records in, plain numbers out."""
