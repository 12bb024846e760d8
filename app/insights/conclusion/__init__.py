"""What a reflection concludes: what changed of a customer, and what it may have to do with."""
