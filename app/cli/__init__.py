"""The command line: `understory ...`."""
