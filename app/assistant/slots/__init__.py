"""Readers of what a question says beside its intent: one for each kind of word."""
