"""Price response: a cheaper model is worth more, even where the work would pay for both."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.settings.mechanism import Mechanism
from sim.settings.values import NonNegative


class PriceResponse(Mechanism):
    """Choices weigh log price."""

    key = "price_response"
    rule = "- alpha * price sensitivity * log(effective price) in decision utility and experienced utility"
    source = "discrete choice; assumed value"
    off = "alpha = 0; willingness to pay still binds"

    alpha: NonNegative = Field(0.25, description="weight of log price at price sensitivity 1 (assumed)")

    @property
    def weight(self) -> float:
        """Alpha; 0 where prices are not weighed."""
        return self.alpha if self.enabled else 0.0

    def burden(self, price_sensitivity: NDArray[Any], log_price: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a price takes from utility. Where price has no weight, even one out of reach (inf) takes nothing."""
        weight = self.weight * price_sensitivity
        burden = np.zeros(np.broadcast(weight, log_price).shape)
        np.multiply(weight, log_price, out=burden, where=weight > 0)
        return burden
