"""A model whose memory cannot be copied: whole prompts, and the same answers in any company.

The weights are random, the architecture is Mamba's (Gu and Dao, arXiv 2312.00752), and llama.cpp
runs them like any other.
"""

from __future__ import annotations

import pytest

from docbot.llm.batching import LlamaCpp
from docbot.llm.protocol import Prompt
from docbot.llm.weights import resolve

np = pytest.importorskip("numpy")
gguf = pytest.importorskip("gguf")

WIDTH, INNER, STATE, RANK, KERNEL, LAYERS = 64, 128, 16, 8, 4, 2
HEAD = "<|function|> what this one does to the list of all the names that it is given, in words"
PROMPTS = [
    Prompt(head=HEAD, body=f" {word} the value", tail="<|sum|>", keep=40)
    for word in ("get", "set", "remove", "list", "name", "add", "find")
]


@pytest.fixture(scope="module")
def mamba(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "mamba.gguf"
    writer = gguf.GGUFWriter(path, "mamba")
    tokens = copy_tokenizer(writer)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(0)
    writer.add_block_count(LAYERS)
    writer.add_head_count(0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_ssm_conv_kernel(KERNEL)
    writer.add_ssm_inner_size(INNER)
    writer.add_ssm_state_size(STATE)
    writer.add_ssm_time_step_rank(RANK)
    draw = np.random.default_rng(7)

    def add(name, *shape, scale=0.2):
        writer.add_tensor(name, (scale * draw.standard_normal(shape)).astype(np.float32))

    add("token_embd.weight", tokens, WIDTH, scale=1.0)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        writer.add_tensor(f"{block}.attn_norm.weight", np.ones(WIDTH, np.float32))
        add(f"{block}.ssm_in.weight", 2 * INNER, WIDTH)
        add(f"{block}.ssm_conv1d.weight", INNER, KERNEL)
        add(f"{block}.ssm_conv1d.bias", INNER)
        add(f"{block}.ssm_x.weight", RANK + 2 * STATE, INNER)
        add(f"{block}.ssm_dt.weight", INNER, RANK)
        add(f"{block}.ssm_dt.bias", INNER)
        writer.add_tensor(f"{block}.ssm_a", -np.ones((INNER, STATE), np.float32))
        add(f"{block}.ssm_d", INNER)
        add(f"{block}.ssm_out.weight", WIDTH, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def copy_tokenizer(writer) -> int:
    """docbot-tiny's tokenizer; how many tokens it has."""
    fields = gguf.GGUFReader(resolve("docbot-tiny", "").path).fields
    for name, field in fields.items():
        if not name.startswith("tokenizer."):
            continue
        kind, *inner = field.types
        writer.add_key_value(name, field.contents(), kind, inner[0] if inner else None)
    return len(fields["tokenizer.ggml.tokens"].data)


def backend(path, **changes) -> LlamaCpp:
    return LlamaCpp(path, **{"context": 128, "max_tokens": 12, "threads": 1, "slots": 4, **changes})


def test_the_engine_sees_that_nothing_can_be_copied(mamba):
    with backend(mamba) as recurrent:
        assert not recurrent._ready().copies
    with backend(resolve("docbot-tiny", "").path) as attentive:
        assert attentive._ready().copies


def test_answers_are_the_same_alone_and_together(mamba):
    with backend(mamba) as many, backend(mamba, slots=1) as one:
        together = dict(many.complete(PROMPTS))
        alone = [next(iter(one.complete([prompt])))[1] for prompt in PROMPTS]
    assert [together[index].text for index in range(len(PROMPTS))] == [a.text for a in alone]
    assert len({answer.text for answer in alone}) > 1, "the body matters"
    for index, answer in enumerate(alone):
        assert together[index].logprob == pytest.approx(answer.logprob, abs=1e-3)


def test_every_candidate_starts_from_the_whole_prompt(mamba):
    short = {"max_tokens": 3}
    with backend(mamba, candidates=3, **short) as several, backend(mamba, **short) as single:
        answers = dict(several.complete(PROMPTS))
        greedy = dict(single.complete(PROMPTS))
        items = [(PROMPTS[i], o.text) for i, a in answers.items() for o in a.others]
        scores = dict(single.score(items))
    assert {i: a.text for i, a in answers.items()} == {i: a.text for i, a in greedy.items()}
    others = [other for answer in answers.values() for other in answer.others]
    apart = [abs(other.logprob - scores[at].logprob) for at, other in enumerate(others)]
    same = sum(difference < 0.05 for difference in apart)
    assert same > len(apart) / 3, "the others are spelt in other tokens"
