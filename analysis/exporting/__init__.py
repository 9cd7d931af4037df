"""Writes a log as a gateway would export it, by the rules by which analysis/importers read such exports."""
