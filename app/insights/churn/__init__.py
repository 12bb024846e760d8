"""Is this customer drifting away? The signs, since when, in which order, their words, and what speaks against it."""
