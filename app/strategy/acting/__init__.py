"""When to act: from churn risk and value to a level of contact, a moment, and a place in a team's day."""
