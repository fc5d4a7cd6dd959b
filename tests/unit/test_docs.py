"""What the documents say of other files and of the verbs is so."""

import re
from pathlib import Path

import pytest

from ashore.cli.main import app
from tests.docs import ROOT

DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8"))
    files = [link for link in links if "://" not in link]
    assert not [link for link in files if not (document.parent / link).exists()]


def test_every_verb_that_runs_a_command_is_said_to_return_its_exit_code() -> None:
    verbs = [name for name in app if name[0] != "-" and app[name].default_command is not None]
    passing = {
        name
        for name in verbs
        if any(a.parameter.allow_leading_hyphen for a in app[name].assemble_argument_collection())
    }
    text = (ROOT / "docs/reference/exit-codes.md").read_text(encoding="utf-8")
    said = next(part for part in text.split("\n\n") if "exit code of the command" in part)
    assert passing == set(re.findall(r"`(?:ashore )?([a-z]+)`", said))
