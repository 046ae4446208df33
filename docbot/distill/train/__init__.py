"""Train the student: token shards go in, checkpoints and a log of losses come out.

Imports only errors and distill's vocabulary: a GPU machine needs PyTorch and little else.
"""
