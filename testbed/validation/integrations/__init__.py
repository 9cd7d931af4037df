"""Validation where the user works: in tests of pytest, in models of dbt, on a PostgreSQL server."""
