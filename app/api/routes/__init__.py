"""Thin routes: parse, call the pipeline, return a schema."""
