"""Files for people, in YAML: read with the place of every value, checked, and told what is wrong where."""
