"""Expressions over what is known of customers: a small language, its fields, and its evaluation by columns."""
