"""Migration: users of a retired model are moved, not lost."""

from sim.settings.mechanism import Mechanism


class Migration(Mechanism):
    """The gateway moves a retired model's users to its successor."""

    key = "migration"
    rule = (
        "at retirement the gateway moves users who can pay to the successor; work that the successor does not fit "
        "starts a trial of it"
    )
    source = "gateways' practice with preview ids"
    off = "they search anew"

    def moves(self, listed: bool) -> bool:
        """Whether users are moved to a successor. listed: whether it is in the market."""
        return self.enabled and listed
