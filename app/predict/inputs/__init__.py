"""What estimators read: purchases, refunds and behaviour, from the log or from a plain table."""
