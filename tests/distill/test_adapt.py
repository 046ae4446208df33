"""The adapter's line: examples, the network against llama.cpp, training, and a docstring in place.

Slow tests train on docbot-small's real base, for a few steps.
"""

from __future__ import annotations

import argparse
import csv
import time
import zipfile
from pathlib import PurePosixPath

import pytest

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from docbot.distill.adapt import examples as examples_step
from docbot.distill.adapt import run as adapt
from docbot.distill.adapt.answers import answer_of, says_name_alone
from docbot.distill.adapt.batches import Tokens
from docbot.distill.adapt.examples import extract, read_examples
from docbot.distill.adapt.export import export_adapter
from docbot.distill.adapt.network import Network, _Product
from docbot.distill.adapt.rows import Example, choose, load_examples
from docbot.distill.adapt.tokens import MOST_TOKENS, open_tokenizer, tokens_of, write_tokens
from docbot.distill.corpus.decontamination import NOTHING, Decontamination, reference_sha1
from docbot.errors import ConfigError
from docbot.llm.merge import merge
from docbot.prompt.task import Task

MODULE = '''
"""Tools to launch rockets."""


class Rocket:
    """A rocket to launch in secret."""

    def launch(self, speed, crew=None):
        """Launches the rocket with the given `crew` at a speed.

        Args:
            speed: Speed of the launch.
            crew: What nobody could know from here.

        Returns:
            The height of the launch.

        Raises:
            ValueError: If the speed is negative.
        """
        if speed < 0:
            raise ValueError("negative speed")
        return self.tank.burn(speed)

    def secret(self, speed):
        """Light the fuse of a rocket."""
        return self.tank.burn(speed)
'''

HELD_OUT = Decontamination(
    packages=frozenset(), imports=frozenset({"flask"}), repositories=frozenset(),
    references=frozenset({reference_sha1("Light the fuse of a rocket.")}),
)  # fmt: skip


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "rockets-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rockets/rocket.py", MODULE)
        archive.writestr("rockets/flask/rocket.py", MODULE)
    return path


@pytest.mark.parametrize(
    ("reference", "task", "code", "answer"),
    [
        ("Returns the `user_id` of a row", Task.FUNCTION, "def user_id(row): return row.id",
         "Return the user_id of a row."),
        ("Return the moon over Rome", Task.FUNCTION, "def user_id(row): return row.id", ""),
        ("The user of a row", Task.FUNCTION, "def user(row): return row.user", ""),
        ("the user of a row", Task.RETURNS, "def user(row): return row.user",
         "The user of a row."),
        ("TODO: write this", Task.PARAM, "def write(this): ...", ""),
    ],
)  # fmt: skip
def test_an_answer_is_natural_imperative_and_shown_by_the_code(reference, task, code, answer):
    assert answer_of(reference, task, code) == answer


def test_an_answer_may_say_the_name_alone():
    assert says_name_alone("Get the user name.", "get_user_name")
    assert not says_name_alone("Get the user name of a row.", "get_user_name")


def test_examples_are_prompts_with_all_their_slots(wheel):
    found = {example.qualname: example for example in read_examples(wheel, "rockets", HELD_OUT)}
    assert {PurePosixPath(example.path) for example in found.values()} == {
        PurePosixPath("rockets/rocket.py")
    }
    assert set(found) <= {"<module>", "Rocket", "Rocket.launch"}
    launch = found["Rocket.launch"]
    assert launch.slots[0] == (
        "# Summary:", "Launch the rocket with the given crew at a speed.",
    )  # fmt: skip
    possible = [
        ("# Param speed:", "Speed of the launch."),
        ("# Returns:", "The height of the launch."),
        ("# Raises ValueError:", "If the speed is negative."),
    ]
    assert set(launch.slots[1:]) <= set(possible)
    assert len(launch.slots) > 1
    assert found["Rocket"].slots == (("# Summary:", "A rocket to launch in secret."),)


def test_a_file_is_written_once_and_read_again(wheel, tmp_path):
    out = tmp_path / "rows" / "rockets.gz"
    assert extract(wheel, "rockets", out, NOTHING) == "rockets"
    written = out.read_bytes()
    first = load_examples(out)
    extract(wheel, "rockets", out, HELD_OUT)  # it is there
    assert out.read_bytes() == written
    assert choose([out, out]) == choose([out])
    assert {example.qualname for example in choose([out])} == {e.qualname for e in first}


def example(name="launch", answer="Launch the rocket at a speed."):
    return Example(
        package="rockets", path="rocket.py", line=1, qualname=name, kind="function",
        code=f"def {name}(rocket, speed):\n    return rocket.burn(speed)\n",
        slots=(("# Summary:", answer), ("# Param speed:", "The speed of the launch.")),
    )  # fmt: skip


def test_the_network_learns_only_a_and_b_with_their_true_gradients():
    torch.manual_seed(0)
    weight, a, b = torch.randn(5, 4), torch.randn(2, 4), torch.randn(5, 2)
    x = torch.randn(3, 4)
    for tensor in (a, b, x):
        tensor.requires_grad_()
    plain = x @ (weight + 1.5 * b @ a).T
    expected = torch.autograd.grad((plain**2).sum(), (x, a, b))
    merged = (weight + 1.5 * b @ a).detach()
    ours = _Product.apply(x, merged, a, b, 1.5)
    for mine, other in zip(torch.autograd.grad((ours**2).sum(), (x, a, b)), expected, strict=True):
        assert torch.allclose(mine, other, atol=1e-4)


def test_without_examples_it_says_what_to_run(tmp_path):
    with pytest.raises(ConfigError, match="run the step `examples` first"):
        Tokens(tmp_path / "examples.npz")


@pytest.mark.slow
def test_only_answers_are_learnt(real_base, tmp_path):
    tokenize = open_tokenizer(real_base)
    ids, mask = tokens_of(example(), tokenize)
    learnt = [token for token, wanted in zip(ids, mask, strict=True) if wanted]
    assert learnt == [
        *tokenize(" Launch the rocket at a speed."), *tokenize("\n"),
        *tokenize(" The speed of the launch."), *tokenize("\n"),
    ]  # fmt: skip
    assert len(tokens_of(example(answer="word " * 900), tokenize)[0]) <= MOST_TOKENS
    write_tokens([example(), example("land")], real_base, tmp_path / "x.npz")
    tokens = Tokens(tmp_path / "x.npz")
    assert len(tokens) == 2
    batch = tokens.batch([0, 1])
    assert batch.targets.tolist() == learnt + [
        token for token, wanted in zip(*tokens_of(example("land"), tokenize), strict=True) if wanted
    ]
    assert batch.wanted.sum() == len(batch.targets)


@pytest.mark.parametrize("decay", ["2600", "-0.1", "nan", "some"])
def test_the_rate_falls_over_a_share_of_the_rows(decay, capsys):
    parser = argparse.ArgumentParser()
    adapt.arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--base", "base.gguf", "--decay", decay])
    assert f"must be a share, 0 to 1, got {decay!r}" in capsys.readouterr().err
    assert parser.parse_args(["--base", "base.gguf", "--decay", "1"]).decay == 1.0


def options(work, base, **changes):
    parser = argparse.ArgumentParser()
    adapt.arguments(parser)
    values = parser.parse_args(["--base", str(base)])
    settings = {"work": work, "minutes": 9, "rows": 48, "threads": 2, "first": 26, "rate": 5e-3}
    for name, value in {**settings, **changes}.items():
        setattr(values, name, value)
    return values


@pytest.mark.slow
def test_the_line_in_miniature(real_base, tmp_path, monkeypatch, docbot):
    """A few steps on the real base; stop, resume, export, build; the words come out."""
    answer = "Launch the rocket at a speed."
    rows = [example(answer=answer)] * 12
    for name in ("examples", "heldout-examples"):
        write_tokens(rows, real_base, tmp_path / f"{name}.npz")
    monkeypatch.setattr(adapt, "STEP_TOKENS", 90)
    monkeypatch.setattr(adapt, "WARM_UP", 2)
    training = adapt.Training(options(tmp_path, real_base))
    before = training.measure()
    adapt.run(options(tmp_path, real_base, rows=12))
    middle = torch.load(tmp_path / "adapter.pt", weights_only=True)
    assert middle["rows"] == 12
    with pytest.raises(ConfigError, match="another --rank or --first"):
        adapt.Training(options(tmp_path, real_base, rank=4))
    training = adapt.Training(options(tmp_path, real_base))
    training.run(time.monotonic() + 300)
    assert (training.rows, training.step) == (48, 4 * middle["step"])
    assert training.measure() < before / 4
    export_adapter(training.lora(), "", training.rows, tmp_path / "adapter.gguf")
    with (tmp_path / "adapter.csv").open(newline="") as file:
        assert [int(row[0]) for row in csv.reader(file)] == list(range(1, training.step + 1))

    model = tmp_path / "small.gguf"
    merge(real_base, tmp_path / "adapter.gguf", model, quantization="Q8_0", notes={})
    source = tmp_path / "rocket.py"
    source.write_text("def launch(rocket, speed):\n    return rocket.burn(speed)\n")
    ran = docbot(
        "fix", "--model", model, "--prompt-format", "lines", "--min-confidence", "0",
        "--include", "trivial", source,
    )  # fmt: skip
    assert (ran.code, source.read_text()) == (
        1, f'def launch(rocket, speed):\n    """{answer}"""\n    return rocket.burn(speed)\n',
    ), ran.err  # fmt: skip


@pytest.mark.slow
def test_the_network_is_llama_cpps(real_base):
    """The same most likely token, and its probability; llama.cpp rounds activations to 8 bits."""
    from docbot.llm.batching import LlamaCpp
    from docbot.llm.protocol import Prompt

    text = example().code + "# Summary:"
    ids = torch.tensor([open_tokenizer(real_base)(text)])
    wanted = torch.zeros_like(ids, dtype=torch.bool)
    wanted[0, -1] = True
    network = Network(real_base, rank=4, first=28, dtype=torch.float32)
    with torch.no_grad():
        logprobs = network(ids, wanted).log_softmax(-1)[0]
    prompt = Prompt(head="", body=text, tail="", keep=200, stop=("\n",))
    with LlamaCpp(real_base, context=256, max_tokens=1, threads=1) as backend:
        ((_, completion),) = backend.complete([prompt])
    best = int(logprobs.argmax())
    assert completion.logprob == pytest.approx(float(logprobs[best]), abs=0.25)


def test_the_step_has_its_flags():
    parser = argparse.ArgumentParser()
    examples_step.arguments(parser)
    assert parser.parse_args(["--base", "base.gguf"]).processes >= 1
