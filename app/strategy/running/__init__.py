"""Campaigns that run: who is assigned to what, what became of them, and what that teaches."""
