"""Improve a model in rounds: a corpus and a checkpoint go in, a better checkpoint comes out.

Each round trains on what the model still gets wrong. Imports corpus, train, evaluate and export.
"""
