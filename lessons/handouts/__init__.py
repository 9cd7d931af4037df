"""Handouts: each lesson as a page that needs neither server nor network, a slide of its result, a sheet of answers."""
