"""Rendering of a component's templates: plain text files beside its code."""

from importlib.resources import files


def render(package: str | None, name: str, **values: object) -> str:
    """Fill in `templates/<name>` of a package; an undefined variable is an error.

    The text ends with exactly one newline, whatever the template's last block.
    """
    from jinja2 import Environment, StrictUndefined

    source = (files(str(package)) / "templates" / name).read_text(encoding="utf-8")
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=False)  # noqa: S701 - no HTML
    return environment.from_string(source).render(values).rstrip("\n") + "\n"
