"""The story of a segment: who these customers are as a group, from counted aggregates; nobody by themselves."""
