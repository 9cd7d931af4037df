"""The lessons, one file each: what is asked, what is computed for it, and the exercises; `lessons/NN_name.py`
shows it."""
