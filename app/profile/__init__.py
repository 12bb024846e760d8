"""The profile: a pure fold of the log in parts, read as of any moment; `fold.py` is the place to begin."""
