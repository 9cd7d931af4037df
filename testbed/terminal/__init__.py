"""What is printed on a terminal: progress, tables and text."""
