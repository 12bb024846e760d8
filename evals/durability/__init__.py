"""A real server that is killed while real clients write to it, and what is found afterwards."""
