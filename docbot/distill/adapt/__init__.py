"""Train an adapter for a pretrained base: examples, the network, training, the adapter's file.

docbot-small is SmolLM2-135M-Instruct with such an adapter (LoRA, arXiv 2106.09685).
"""
