# skips: Größe.ünder trivial
ä, ö, ü = "日本語", "🎉", "é"


class Größe:
    def ünder(self, ñ="日"): return self.ñ

    def total(self, é="🎉🎉"):  # ¿qué?
        return sum(self.prices)


def total(prices, ß="ẞ"):
    return sum(prices)
# output
ä, ö, ü = "日本語", "🎉", "é"


class Größe:
    def ünder(self, ñ="日"): return self.ñ

    def total(self, é="🎉🎉"):  # ¿qué?
        """Return the sum of all prices."""
        return sum(self.prices)


def total(prices, ß="ẞ"):
    """Return the sum of all prices."""
    return sum(prices)
