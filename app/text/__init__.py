"""Reading language: the taxonomy matcher and embedders."""
