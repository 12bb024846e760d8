"""A model server that answers honestly or fails in a named way, and what the product makes of it."""
