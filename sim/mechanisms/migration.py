"""Migration: users of a retired model are moved, not lost."""

from sim.scenario.mechanism import Mechanism


class Migration(Mechanism):
    """The gateway moves a retired model's users to its successor."""

    key = "migration"
    rule = (
        "at retirement the gateway moves users who can pay to the successor; those whom it does not serve find out as "
        "in a trial"
    )
    source = "gateways' practice with preview ids"
    off = "they search anew"

    def moves(self, listed: bool) -> bool:
        """Whether users are moved to a successor. listed: whether it is in the market."""
        return self.enabled and listed
