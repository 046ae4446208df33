class Cart:
    def total(self):
    	return sum(self.prices)

    def total_of(self):
            if self.prices:
            	return sum(self.prices)
# output
class Cart:
    def total(self):
    	"""Return the sum of all prices."""
    	return sum(self.prices)

    def total_of(self):
            """Return the sum of all prices."""
            if self.prices:
            	return sum(self.prices)
