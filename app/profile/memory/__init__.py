"""The visits that are remembered: the newest, and those that say most."""
