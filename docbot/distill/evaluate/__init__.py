"""Measure models on held-out packages: wheels and GGUF files go in, tables and plots come out.

Asks the models through docbot's own prompts, backend and gate. Imports those packages and corpus,
and no module that needs torch.
"""
