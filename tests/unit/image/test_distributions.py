from pathlib import Path

import pytest

from ashore.errors import AshoreError, ExitCode
from ashore.image import rootfs
from ashore.image.distributions import DISTRIBUTIONS, Distribution, distribution
from ashore.stack.schema import DiskSection
from tests.unit.components import golden

HERE = Path(__file__).parent


@pytest.mark.parametrize("row", DISTRIBUTIONS, ids=lambda row: row.suite)
@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_what_is_installed_and_from_where(row: Distribution, architecture: str) -> None:
    text = "\n".join(
        [
            f"keyring: {row.keyring} of {row.keyring_package}",
            *row.sources(architecture),
            *row.packages(rootfs.packages(), architecture),
        ]
    )
    golden.check(HERE, f"{row.suite}.{architecture}", f"{text}\n")


def test_the_stack_file_offers_what_the_table_has() -> None:
    for row in DISTRIBUTIONS:
        assert DiskSection(os=row.name).os == row.name  # pyright: ignore[reportArgumentType]
        assert distribution(row.name) is row


def test_an_unknown_distribution_is_named_with_those_there_are() -> None:
    with pytest.raises(AshoreError, match="no distribution debian/sid") as caught:
        distribution("debian/sid")
    assert caught.value.exit_code is ExitCode.USAGE
    assert "ubuntu/noble" in caught.value.hint
