import pytest

from ashore.errors import AshoreError
from ashore.supply.download import checksum

SUM = "a" * 64


@pytest.mark.parametrize(
    "text",
    [
        SUM,
        f"{SUM}\n",
        f"{SUM}  ./runc.amd64\n",
        f"{'b' * 64} *runc.arm64\n{SUM} *runc.amd64\n",
        f"# release\n{'b' * 64}  other\n{SUM}  dist/runc.amd64\n",
    ],
)
def test_the_sum_of_a_file_is_found(text: str) -> None:
    assert checksum(text, "runc.amd64") == SUM


@pytest.mark.parametrize("text", ["", "<html>", f"{SUM}  other", "abc"])
def test_a_file_that_is_not_named_is_an_error(text: str) -> None:
    with pytest.raises(AshoreError, match=r"runc\.amd64"):
        checksum(text, "runc.amd64")
