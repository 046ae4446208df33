# python: 3.13
def total[T: (int, float), *Ts, **P](prices: list[T]) -> T:
    return sum(prices)


class Cart[T = int]:
    def total[K](self, key: K) -> T:
        return sum(self.prices)


type Prices[T] = list[T]
# output
def total[T: (int, float), *Ts, **P](prices: list[T]) -> T:
    """Return the sum of all prices."""
    return sum(prices)


class Cart[T = int]:
    def total[K](self, key: K) -> T:
        """Return the sum of all prices."""
        return sum(self.prices)


type Prices[T] = list[T]
