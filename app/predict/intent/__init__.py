"""Next-purchase intent: when a customer buys next, and what. Pure but for `reading` and `intents`, which know logs."""
