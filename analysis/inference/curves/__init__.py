"""Curves of retention: plateau, dropout, returns after silence, shrinkage."""
