"""Where a log lies and whether it can be believed: its files, run folders, engines, and the checks at opening."""
