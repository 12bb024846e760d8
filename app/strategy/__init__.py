"""What to do about one customer, on what grounds, within which rules."""
