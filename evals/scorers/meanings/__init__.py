"""What each predicate means, computed from raw rows. Shares no code with app/profile and app/narrative."""
