"""The tensor of tokens: groups of models x categories x fortnights, and the simulated world that it is about."""
