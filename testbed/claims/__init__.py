"""The claims of the report: what each says, how it is measured, and when it counts as true."""
