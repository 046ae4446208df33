# skips: total runtime-docstring, total_of runtime-docstring
import click
import typer

app = typer.Typer()


@click.command()
@click.option("--prices")
def total(prices):
    return sum(prices)


@app.command(name="of")
def total_of(prices: list[int]):
    return sum(prices)


def total_to(prices: list[int]):
    return sum(prices)
# output
import click
import typer

app = typer.Typer()


@click.command()
@click.option("--prices")
def total(prices):
    return sum(prices)


@app.command(name="of")
def total_of(prices: list[int]):
    return sum(prices)


def total_to(prices: list[int]):
    """Return the sum of all prices."""
    return sum(prices)
