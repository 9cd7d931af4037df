"""Known-wrong retention: cohorts, cells, windows and launches, a file each."""
