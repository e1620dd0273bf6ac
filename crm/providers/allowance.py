"""What the installation lets a tenant spend on its own key, by its own prices: no tenant can change either."""

from dataclasses import dataclass
from typing import Any, Self

from bot.prompts import estimate
from crm.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a million tokens of the installation's model cost, and a tenant's limit a month; None where there is none."""

    prices: dict[str, Any] | None = None
    limit: float | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the installation's allowance."""
        return cls(settings.llm_prices, settings.llm_monthly_limit)

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """Return what a call costs the installation; 0 where nobody said the price."""
        if self.prices is None:
            return 0.0
        price = {"input": self.prices["input"], "output": self.prices["output"]}
        return estimate.cost(input_tokens, output_tokens, price=price)
