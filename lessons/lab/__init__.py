"""The laboratory: a market that the learner builds, and what its log says, beside a twin with one cause flipped."""
