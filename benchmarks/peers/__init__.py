"""Ordinary ways to do what is measured: what the numbers are compared with."""
