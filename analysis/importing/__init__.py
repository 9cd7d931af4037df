"""Reads what a gateway exports into a log of the contract; the gateways themselves are in analysis/importers."""
