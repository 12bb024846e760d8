"""Numbers that say how sure they are."""
