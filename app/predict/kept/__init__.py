"""Fitted models as files: made, described, measured, checked for drift and asked."""
