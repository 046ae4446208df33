# skips: Cart.__total private
class Cart:
    def __total(self):
        return sum(self.__prices)

    def total(self):
        return sum(self.__prices)
# output
class Cart:
    def __total(self):
        return sum(self.__prices)

    def total(self):
        """Return the sum of all prices."""
        return sum(self.__prices)
