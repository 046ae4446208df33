"""Decide which of the model's texts may be written: completions in, a Summary or a Refusal out.

`judge.py` is the entry; `headline.py` and `section.py` hold the rules, `tables` what the gate knows
of English. It may import `prompt`, `llm`, and all packages below these.
"""
