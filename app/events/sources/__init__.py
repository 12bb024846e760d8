"""Where events come from. One file per source shape; each yields IncomingEvents and knows nothing downstream."""
