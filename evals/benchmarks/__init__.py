"""Speed, always against a peer and against the fastest this machine can do, in the same run."""
