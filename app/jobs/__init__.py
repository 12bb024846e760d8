"""Work that nobody waits for: reflection beside a server, and whatever else runs on a schedule."""
