"""Build the training corpus: wheels go in, training rows and token shards come out.

References can be replaced by a bigger model's labels (`teacher`). Of distill's packages it imports
none; of docbot's, those that make prompts: scan, select, prompt, llm, gate and docstring.
"""
