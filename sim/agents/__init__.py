"""The agents: who is in the market, what they see, what they choose, and the spells in which they use a model."""
