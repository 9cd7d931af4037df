"""The fit: parameters that move until the world's expected tokens are those of the target."""
