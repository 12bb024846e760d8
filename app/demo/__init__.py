"""A seeded demo shop. Product code never imports its hidden truth."""
