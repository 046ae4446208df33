class Pair(NamedTuple):
    prices: list[int]

    def total(self):
        return sum(self.prices)


class Options(TypedDict, total=False):
    prices: list[int]


class Color(enum.Enum):
    RED = 1

    @classmethod
    def total(cls, prices):
        return sum(prices)


@dataclass(slots=True)
class Cart:
    prices: list[int] = field(default_factory=list)

    def total(self):
        return sum(self.prices)


class Meta(type):
    def total(cls):
        return sum(cls.prices)
# output
class Pair(NamedTuple):
    prices: list[int]

    def total(self):
        """Return the sum of all prices."""
        return sum(self.prices)


class Options(TypedDict, total=False):
    prices: list[int]


class Color(enum.Enum):
    RED = 1

    @classmethod
    def total(cls, prices):
        """Return the sum of all prices."""
        return sum(prices)


@dataclass(slots=True)
class Cart:
    prices: list[int] = field(default_factory=list)

    def total(self):
        """Return the sum of all prices."""
        return sum(self.prices)


class Meta(type):
    def total(cls):
        """Return the sum of all prices."""
        return sum(cls.prices)
