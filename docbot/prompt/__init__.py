"""Build prompts: a Target and its file's definitions go in, a model's prompt comes out.

`context` collects what a prompt may show, `formats` writes it for each family of models.
It may import `llm.protocol`, `select`, `scan` and `errors`.
"""
