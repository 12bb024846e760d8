"""Which identifiers are one customer, and why."""
