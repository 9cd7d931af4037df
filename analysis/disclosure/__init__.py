"""Statistical disclosure control: what of a log's sums and cohorts may be shown, so that nobody can be found in them"""
