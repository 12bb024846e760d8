"""What happened: every source's records become one kind of Event, kept for ever in one log."""
