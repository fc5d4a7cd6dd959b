import pytest

from tests.docs import GENERATED, ROOT


@pytest.mark.parametrize("path", GENERATED)
def test_what_is_generated_is_current(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == GENERATED[path](), "run `make docs`"
