"""What the sections of a scenario are made of: settings, their kinds of values, and the base of every mechanism."""
