import json
from pathlib import Path

import pytest

from ashore.components.localpath.render import manifest as localpath
from ashore.components.volumes.agent.objects import PROVISIONER
from ashore.components.volumes.render import GROUP, manifest, mounts, provisioner
from ashore.model.fragment import File, Fragment
from ashore.model.types import Role, Storage, VolumeType
from tests.unit.components.golden import as_text, check
from tests.unit.components.kubeadm.stack import demo

HERE = Path(__file__).parent
STORAGE = Storage(VolumeType.REPLICA)


def without_programs(fragment: Fragment) -> Fragment:
    files = tuple(f for f in fragment.files if not f.path.endswith(".py"))
    return Fragment(fragment.component, files, fragment.commands, fragment.enable)


def provisioning() -> Fragment:
    stack = demo()
    machine = stack.of_role(Role.STORAGE)[0]
    return provisioner(stack, STORAGE, machine, identity=b"identity\n", ca=b"ca\n")


def watching() -> Fragment:
    stack = demo()
    machine = stack.of_role(Role.WORKER)[0]
    return mounts(
        stack, STORAGE, machine, unit="shared-volume.service", certificate="/c.pem", ca="/ca.crt"
    )


def test_fragments() -> None:
    check(HERE, "provisioner.txt", as_text(without_programs(provisioning())))
    check(HERE, "mounts.txt", as_text(without_programs(watching())))


def test_manifest() -> None:
    check(HERE, "manifest.yaml", manifest().text)


def test_one_class_is_the_default() -> None:
    default = 'storageclass.kubernetes.io/is-default-class: "true"'
    assert default in manifest().text
    assert default not in localpath(demo(), "image").text
    assert default in localpath(demo(storage=0), "image").text


def test_the_group_of_the_certificates_is_the_one_that_has_the_rights() -> None:
    bindings = [o for o in manifest().objects() if o["kind"].endswith("Binding")]
    assert [b["subjects"][0]["name"] for b in bindings] == [GROUP, GROUP]
    assert manifest().objects()[-1]["provisioner"] == PROVISIONER


@pytest.mark.spawns
@pytest.mark.parametrize(("of", "module"), [(provisioning, "serve"), (watching, "mounts")])
def test_the_programs_find_their_modules_where_they_are_put(
    of: object, module: str, tmp_path: Path
) -> None:
    import subprocess
    import sys

    fragment: Fragment = of()  # type: ignore
    files: list[File] = [f for f in fragment.files if f.path.endswith(".py")]
    for file in files:
        path = tmp_path / file.path.removeprefix("/opt/ashore/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(file.content))
    argv = [sys.executable, "-c", f"import agent.{module}"]
    subprocess.run(argv, cwd=tmp_path, check=True, timeout=30)


def test_secrets_are_readable_by_root_alone() -> None:
    modes = {f.path: f.mode for f in provisioning().files}
    assert modes["/etc/ashore-volumes/identity.pem"] == 0o600
    config = next(f for f in provisioning().files if f.path.endswith("config.json"))
    assert json.loads(str(config.content))["server"] == "api.demo.internal"
