# flags: {kinds = ["module", "class", "method"]}
# reply: {of = "<module>", text = "a shop with the rate of a cart."}
# reply: {of = "Cart", text = "A cart with the total of prices at a rate."}
# Copyright 2026 The authors.

from __future__ import annotations


class Cart:

    rate = 1

    def total(self, prices):
        return sum(prices) * self.rate
# output
# Copyright 2026 The authors.

"""A shop with the rate of a cart."""

from __future__ import annotations


class Cart:
    """A cart with the total of prices at a rate."""

    rate = 1

    def total(self, prices):
        """Return the sum of all prices."""
        return sum(prices) * self.rate
