"""How often the verdict is wrong: on simulated users with known truth."""
