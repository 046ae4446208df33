"""The command line: complaints of one sentence, help with examples, and completion in shells."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys

import pytest

from docbot.commands import exit_codes
from docbot.commands.options import EXAMPLES, parser

IS_ADDRESS = "is an address, not a path; name a file or folder on this machine"
RUNS_MODELS = "is an address, and docbot runs models on this machine itself; name one of"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("fix --difff", "--difff is no flag of docbot fix; did you mean --diff?"),
        ("check --verbos", "--verbos is no flag of docbot check; did you mean --verbose?"),
        ("fix --max-line=3", "--max-line is no flag of docbot fix; did you mean --max-lines?"),
        ("models pull --form hub", "--form is no flag of docbot models pull; did you mean --from?"),
        ("--versoin", "did you mean --version?"),
        ("check --zzz", "--zzz is no flag of docbot check; see docbot check --help"),
        ("cache info more", "more is no argument of docbot cache; see docbot cache --help"),
        ("chekc .", "COMMAND: 'chekc' is not known; did you mean check?"),
        ("models lst", "ACTION: 'lst' is not known; did you mean list?"),
        ("fix --style gogle", "--style: 'gogle' is not known; did you mean google?"),
        ("fix --stale zzz", "--stale: 'zzz' is not known; it is one of report, fix, off"),
        ("fix --staged --since x", "--since: not allowed with argument --staged; see docbot fix"),
        ("fix --since", "--since: expected one argument; see docbot fix --help"),
        ("help chekc", "COMMAND: 'chekc' is not known; did you mean check?"),
        ("fix --select private", "--select is now called --include"),
        ("review --max-comments 99", "'99' is no number from 0 to 25"),
        ("check --fail-under 110", "'110' is no percentage, 0 to 100"),
        ("check --fail-under=-1", "'-1' is no percentage, 0 to 100"),
        ("check --fail-under nan", "'nan' is no percentage, 0 to 100"),
        ("check --fail-under half", "'half' is no percentage, 0 to 100"),
        ("fix --time-budget=-3", "'-3' is no number of seconds"),
        ("review --time-budget soon", "'soon' is no number of seconds"),
        ("fix http://localhost:8080/a.py", f"http://localhost:8080/a.py {IS_ADDRESS}"),
        ("check git+ssh://example.org/a", f"git+ssh://example.org/a {IS_ADDRESS}"),
        ("check --config https://e.org/p.toml", f"--config: https://e.org/p.toml {IS_ADDRESS}"),
        ("review --output ftp://e.org/", f"--output: ftp://e.org/ {IS_ADDRESS}"),
        ("fix --model http://localhost:8080/v1 .", f"http://localhost:8080/v1 {RUNS_MODELS}"),
        ("models pull https://e.org/m.gguf", f"https://e.org/m.gguf {RUNS_MODELS}"),
        ("models path http://[::1]/m", f"http://[::1]/m {RUNS_MODELS}"),
    ],
)
def test_one_sentence_and_no_usage(docbot, tmp_path, monkeypatch, line, sentence):
    monkeypatch.chdir(tmp_path)
    ran = docbot(*line.split())
    assert (ran.code, ran.out) == (exit_codes.CANNOT_RUN, "")
    assert sentence in ran.err
    assert ran.err.startswith("docbot: ")
    assert ran.err.count("\n") == 1


def test_docbot_alone_and_help_show_the_commands(docbot, capfdbinary):
    alone = docbot()
    assert (alone.code, alone.out) == (exit_codes.CANNOT_RUN, "")
    assert "\n    check     list what has no docstring" in alone.err
    for words, first in (
        (["help"], "usage: docbot [-h] [--version] COMMAND ..."),
        (["help", "check"], "usage: docbot check [flags] [paths ...]"),
    ):
        with pytest.raises(SystemExit) as ended:
            docbot(*words)
        assert ended.value.code == exit_codes.CLEAN
        assert capfdbinary.readouterr().out.decode().startswith(first)


def test_a_folder_whose_name_looks_like_an_address(docbot, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "http:" / "a").mkdir(parents=True)
    assert "no Python files were found" in docbot("check", "http://a").err


def test_json_for_short(docbot, repo):
    repo.commit("a.py", "def total(prices):\n    return sum(prices) + 1\n")
    short, long = (docbot("check", flag, repo.root) for flag in ("--json", "--format=json"))
    assert short == long
    assert json.loads(short.out)["summary"]["missing"] == 1


def commands():
    (actions,) = (action for action in parser()._actions if isinstance(action.choices, dict))
    return actions.choices


@pytest.mark.parametrize("name", commands())
def test_the_help_of_each_command_has_an_example_that_can_be_parsed(capsys, name):
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args([name, "--help"])
    shown = capsys.readouterr().out
    assert f"\n\nexample:\n  {EXAMPLES[name]}\n\n" in shown
    assert shown.startswith(f"usage: docbot {name} ")
    assert shown.index("\n") < 80
    words = EXAMPLES[name].partition(" > ")[0].split()
    assert parser().parse_args(words[1:])


@pytest.mark.parametrize("name", ["fix", "check", "report", "review"])
def test_every_flag_is_in_a_group(name):
    """The first two are argparse's own, for what is in none."""
    positionals, others, *groups = commands()[name]._action_groups
    loose = [*positionals._group_actions, *others._group_actions]
    assert [each.dest for each in loose if each.help != "==SUPPRESS=="] == ["help"]
    assert all(group.title and group._group_actions for group in groups)


# Completion, in the shells that are here


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    pytest.importorskip("shtab")
    folder = tmp_path_factory.mktemp("completion")

    def write(shell):
        command = [sys.executable, "-m", "docbot", "completion", shell]
        done = subprocess.run(command, capture_output=True, check=True)
        (folder / shell).write_bytes(done.stdout)
        return folder / shell

    return write


CASES = [
    (["fi"], {"fix"}),
    (["fix", "--st"], {"--staged", "--style", "--stale"}),
    (["check", "--style", "n"], {"numpy"}),
    (["models", "v"], {"verify"}),
    (["fix", "--model", "docbot-s"], {"docbot-small"}),
    (["check", "--config", "pyp"], {"pyproject.toml"}),
    (["check", "pyp"], {"pyproject.toml"}),
]


def test_bash_completes(script, tmp_path):
    (tmp_path / "pyproject.toml").touch()
    lines = [f"source {script('bash')}"]
    for words, _ in CASES:
        quoted = " ".join(["docbot", *words])
        lines += [
            f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; COMPREPLY=()",
            f'_shtab_docbot docbot {words[-1]} "${{COMP_WORDS[-2]}}"; echo "${{COMPREPLY[*]}}"',
        ]
    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(lines)], cwd=tmp_path, capture_output=True, text=True
    )
    assert [set(line.split()) for line in done.stdout.splitlines()] == [each for _, each in CASES]


@pytest.mark.skipif(not shutil.which("fish"), reason="no fish here")
def test_fish_completes(script, tmp_path):
    (tmp_path / "pyproject.toml").touch()
    source = f"source {script('fish')}"
    asked = [f"complete -C 'docbot {' '.join(words)}'; echo" for words, _ in CASES]
    done = subprocess.run(
        ["fish", "--no-config", "-c", "; ".join([source, *asked])],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    answers = done.stdout.split("\n\n")
    words = [{line.partition("\t")[0] for line in each.splitlines() if line} for each in answers]
    assert words[: len(CASES)] == [each for _, each in CASES]


@pytest.mark.skipif(not shutil.which("zsh"), reason="no zsh here")
def test_zsh_completes(script, tmp_path):
    """As a person sees it: at a terminal, with the script among the functions."""
    import pty

    script("zsh").rename(tmp_path / "_docbot")
    shell, terminal = pty.fork()
    if not shell:
        os.execvpe("zsh", ["zsh", "-f", "-i"], {"TERM": "dumb", "PATH": os.environ["PATH"]})
    ready = f"fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -D; print rea''dy\n"
    for typed, wanted in (
        (ready, b"ready\r\n"),
        ("docbot models pull docbot-s\t", b"docbot models pull docbot-small"),
        ("\x15docbot check --style nu\t", b"docbot check --style numpy"),
    ):
        os.write(terminal, typed.encode())
        assert wanted in shown(terminal, wanted)
    os.write(terminal, b"\x15exit\n")
    os.waitpid(shell, 0)


def shown(terminal, wanted):
    """What a terminal shows, up to what is wanted, or as long as something comes within 20 s."""
    seen = b""
    while wanted not in seen and select.select([terminal], [], [], 20)[0]:
        seen += os.read(terminal, 65536)
    return seen
