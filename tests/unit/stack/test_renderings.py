"""What is rendered from the schema: the commented file, the editor's schema, the reference."""

import json
import re

import pytest

from ashore.stack import init, jsonschema, reference
from ashore.stack.fields import about, fields_of, section_at, sections
from ashore.stack.load import loads
from ashore.stack.schema import StackFile
from ashore.stack.values import MIB, format_memory, parse_memory


def test_the_commented_file_is_the_default_stack() -> None:
    assert loads(init.text()) == StackFile()


def test_the_commented_file_with_every_comment_taken_away_is_valid_too() -> None:
    uncommented = re.sub(r"^( *)# ([a-zA-Z]+: [\w.]+)$", r"\1\2", init.text(), flags=re.MULTILINE)
    file = loads(uncommented)
    assert str(file.network.floating_ip) == "10.77.0.10"
    assert file.network.domain == "lab.example.org"


def test_the_example_of_a_bmc_is_valid() -> None:
    head, found, rest = init.text().partition("    # bmc:\n")
    assert found
    lines = rest.split("\n\n")[0].splitlines()
    example = "\n".join(["    bmc:", *(line.replace("# ", "", 1) for line in lines)])
    bmc = loads(f"{head}{example}\n").machines.loadbalancer.bmc
    assert bmc.lb1 is not None
    assert (bmc.lb1.port, bmc.lb1.password_file) == (443, "/etc/ashore/lb1.password")
    assert bmc.lb2 is None


def test_the_commented_file_takes_a_name() -> None:
    assert loads(init.text("prod")).name == "prod"


def test_every_key_is_described() -> None:
    for section in sections():
        for key in fields_of(section_at(section)):
            assert about((*section, key)), key
            assert f"`{key}`" in reference.text()


def test_the_editors_schema_speaks_of_the_file_and_not_of_python() -> None:
    text = jsonschema.text()
    schema = json.loads(text)
    assert schema["additionalProperties"] is False
    assert "null" not in text
    assert "_" not in "".join(schema["properties"])
    assert schema["$defs"]["WorkerSection"]["properties"]["memory"]["default"] == "4GiB"
    needed = {name for name, section in schema["$defs"].items() if "required" in section}
    assert needed == {"BmcSection"}  # every other key may be left out
    assert "required" not in schema


@pytest.mark.parametrize("mib", [1, 100, 512, 768, 1024, 1100, 1280, 1536, 3072, 100 * 1024])
def test_a_size_is_read_back_as_it_was_written(mib: int) -> None:
    assert parse_memory(format_memory(mib * MIB)) == mib * MIB
