"""Mapping files of `slipper import mapped`: what one may say, and how it becomes an importer."""
