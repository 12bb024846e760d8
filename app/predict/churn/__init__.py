"""Who stays away, and who is leaving by their own rhythm."""
