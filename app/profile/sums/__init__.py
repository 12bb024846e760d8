"""Running sums of what was bought, carted and written: what claims are made of."""
