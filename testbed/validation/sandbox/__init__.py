"""The sandbox: a user's code runs in a process of its own, without the truth, the network or the disk in reach."""

from testbed.validation.sandbox.outcome import Limits, Outcome
from testbed.validation.sandbox.process import Box, Sandbox
from testbed.validation.sandbox.trials import answer, trials

__all__ = ["Box", "Limits", "Outcome", "Sandbox", "answer", "trials"]
