"""Run the commands `fix`, `check`, `review`, `models` and `cache`: options in, exit code out.

Each prints its results to standard output and what people should know to standard error.
It may import every lower package; only `cli` imports it.
"""
