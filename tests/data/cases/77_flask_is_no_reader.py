from flask import Flask

app = Flask(__name__)


@app.route("/total")
def total(prices):
    return sum(prices)
# output
from flask import Flask

app = Flask(__name__)


@app.route("/total")
def total(prices):
    """Return the sum of all prices."""
    return sum(prices)
