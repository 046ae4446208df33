"""Run language models: a model's name and prompts go in, completions and scores come out.

It may import errors, config, cache and parallel; only `binding` imports llama_cpp,
only `hub` the hub's client.
"""
