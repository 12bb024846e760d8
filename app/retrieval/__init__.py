"""Past campaigns and what came of them: kept, searched, ranked by outcome."""
