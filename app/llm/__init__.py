"""Talking to models. Knows nothing about customers."""
