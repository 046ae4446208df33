"""docbot keeps Python code documented, offline, without harming a byte.

    >>> import docbot
    >>> documented = docbot.document(source)

Importing this costs nothing: the scanner, llama.cpp and the model are loaded by the first call.
"""

# No import stands here, not even that of annotations: `main` catches Ctrl-C, and this is before it.
TYPE_CHECKING = False  # typing's own takes a third of the time that the hook has
if TYPE_CHECKING:
    from docbot.config import Config

__version__ = "0.1.0"


def document(source: bytes, *, path: str = "module.py", config: "Config | None" = None) -> bytes:
    """Write the docstrings that one module lacks, on docbot-small if pulled, else docbot-tiny.

    Args:
        source: The file's bytes; what comes back has the same encoding and line endings.
        path: Its name in the repository, by which tests, stubs and generated files are known.
        config: What `[tool.docbot]` would say; `style` "auto" means google here.

    Returns:
        The file with docstrings added, or as it was where the model is not sure.

    Raises:
        ConfigError: `prompt_format` is unknown.
        SourceError: docbot cannot read the file.
        ModelError: the model is missing or damaged.
        VerifyError: the edited file failed docbot's own check.

    """
    from pathlib import PurePosixPath

    from docbot.config import Config
    from docbot.docstring.style import StyleCounts, detect
    from docbot.errors import SourceError, VerifyError
    from docbot.file_task import Job
    from docbot.llm.batching import open_backend
    from docbot.llm.weights import resolve
    from docbot.pipeline import fix
    from docbot.prompt.formats import get_format
    from docbot.scanned import SourceFile
    from docbot.select.inheritance import ParentIndex

    config = config or Config()
    weights = resolve(config.model, config.prompt_format)
    format_ = get_format(weights.format)
    file = SourceFile(path=PurePosixPath(path), source=source)
    with open_backend(weights, config) as backend:
        job = Job(
            config=config,
            parents=ParentIndex(lambda _path: None),
            style=lambda _path: detect(StyleCounts(), [], config),
            backend=backend,
            format=format_,
        )
        (result,) = fix([file], job)
    if result.error:
        raise VerifyError(result.error)
    for skip in result.skips:
        if skip.reason.value in ("unparsable", "too-large"):
            raise SourceError(skip.detail)
    return result.after or source
