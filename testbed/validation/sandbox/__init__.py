"""The sandbox: a user's code runs in a process of its own, without the truth, the network or the disk in reach."""
