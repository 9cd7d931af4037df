"""Global parameters: the few that are neither reach nor demand, and what numbers read off a world tell of them."""
