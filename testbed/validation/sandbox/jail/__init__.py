"""What runs inside the sandbox: a warm process that forks a jailed one for each run.

It is started as a package of its own, `jail`, and imports nothing of the project: whatever user code finds in its
memory is here, and no truth, no oracle and no question is.
"""
