"""Next-purchase intent: when a customer buys next, and what. Pure but for `reader`, which knows the log."""
