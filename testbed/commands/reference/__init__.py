"""Commands that only say what there is: keys, models, patterns, words."""
