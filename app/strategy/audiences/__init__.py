"""Audiences: all customers as columns, who of them is in a segment, and who of those may be contacted."""
