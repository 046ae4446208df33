# reply: { text = "Return the sum of all prices.", confidence = 0.2 }
# skips: total unsure
def total(prices):
    return sum(prices)
