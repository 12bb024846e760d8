"""How customers answered what was sent to them before, and what such a customer will answer to each action."""
