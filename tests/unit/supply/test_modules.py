import pytest

from ashore.errors import AshoreError
from ashore.supply.builds import Build, builds
from ashore.supply.modules import go_mod, own_main
from ashore.supply.versions import SUPPORTED, versions

UPSTREAM = """\
module k8s.io/kubernetes

go 1.26.0

require (
	github.com/x/y v0.0.0-20260720052920-cd9e7ad1ae09
	k8s.io/api v0.0.0
	k8s.io/mount-utils v0.0.0 // indirect
)

replace (
	k8s.io/api => ./staging/src/k8s.io/api
	k8s.io/sample-cli-plugin => ./staging/src/k8s.io/sample-cli-plugin
)
"""


def test_staging_modules_are_required_as_what_they_are() -> None:
    kubernetes = builds(versions("1.37.2"))[0]
    assert go_mod(kubernetes, UPSTREAM).splitlines() == [
        "module ashore.local/kubernetes",
        "go 1.26.0",
        "require k8s.io/kubernetes v1.37.2",
        "require k8s.io/api v0.37.2",
        "require k8s.io/mount-utils v0.37.2",
        "replace k8s.io/api => k8s.io/api v0.37.2",
        "replace k8s.io/mount-utils => k8s.io/mount-utils v0.37.2",
    ]


def test_an_old_module_is_built_under_rules_that_know_its_go_mod() -> None:
    build = Build("old", "example.org/old", "v0.9.1", ("example.org/old",))
    assert go_mod(build, "module example.org/old\n\ngo 1.9\n").splitlines()[1] == "go 1.21"


def test_our_own_main_lacks_the_unwanted_imports_only() -> None:
    build = Build("f", "m", "v1", main="main.go", without=("m/udp",))
    assert own_main(build, 'import (\n\t_ "m/udp"\n\t_ "m/vxlan"\n)\n') == (
        'import (\n\t_ "m/vxlan"\n)\n'
    )


def test_an_import_that_went_away_upstream_is_noticed() -> None:
    build = Build("f", "m", "v1", main="main.go", without=("m/gone",))
    with pytest.raises(AshoreError, match="m/gone"):
        own_main(build, "import ()\n")


@pytest.mark.parametrize("version", SUPPORTED)
def test_every_program_of_the_tree_and_of_the_images_is_built(version: str) -> None:
    from ashore.supply.images import RECIPES
    from ashore.supply.modules import CNI, ON_MACHINES

    made = {"pause"}
    for build in builds(versions(version)):
        names = [p.rstrip("/").rpartition("/")[2] for p in build.packages] or [build.name]
        if names == ["v3"]:
            names = [build.module.split("/")[-2]]
        made |= {dict(build.programs).get(name, name) for name in names}
    wanted = {*ON_MACHINES, *CNI, *(name for r in RECIPES for _, name in r.programs)}
    assert made == wanted


def test_an_unknown_kubernetes_names_those_that_are_known() -> None:
    with pytest.raises(AshoreError) as caught:
        versions("1.20.0")
    assert "1.37.2" in caught.value.hint
