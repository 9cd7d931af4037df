"""Claims as linear conditions: what the statistics are on a tensor of tokens, and what their predicates require of
it.
"""
