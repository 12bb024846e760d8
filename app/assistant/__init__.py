"""The chat agent and its deterministic router, shared by every front."""
