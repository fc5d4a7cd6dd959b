"""The second disk of `make test-host`: what a host without a network needs to run Ashore.

An ext4 file system that is written without being mounted: a virtual environment for the
Python of the golden disk, the packages that the golden disk lacks, and of the cache
what an offline `up` reads.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from ashore.image import build, rootfs
from ashore.model.load import loads_stack
from ashore.state.paths import cache_root

LABEL = "carried"
PLACE = "/srv/ashore"
"""Where the guest mounts it; the environment's programs name it in their first lines."""

PACKAGES = ("systemd-container",)
SIZE = 16 * 1024**3  # bytes; sparse, 3.7 GB are written
PYTHON = "3.13"  # of Debian trixie
REPOSITORY = Path(__file__).parents[2]
_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
_SECONDS = 900


def make(image: Path, scratch: Path, installed: Path) -> None:
    """Write the file system.

    Args:
        installed: dpkg's status file of the golden disk, from which follows what it lacks.
    """
    content = scratch / "content"
    environment(content / "venv")
    archive(content / "packages", scratch / "apt", installed)
    binds = _binds(content / "cache")
    for _, target in binds:
        target.mkdir(parents=True)
    (content / "state").mkdir()
    (content / "tests").mkdir()
    shutil.copy(Path(__file__).with_name("leftovers.py"), content / "tests")
    with image.open("wb") as file:
        file.truncate(SIZE)
    # Bound in a mount namespace of its own: 3 GB need not be copied twice.
    script = "".join(f"mount --bind '{source}' '{target}'\n" for source, target in binds)
    script += f"exec mke2fs -q -t ext4 -L {LABEL} -d '{content}' '{image}'\n"
    _run(["unshare", "--mount", "sh", "-ec", script])


def _binds(cache: Path) -> list[tuple[Path, Path]]:
    """The parts of the golden image, from here to below `cache`."""
    root = cache_root()
    golden = build.planned(loads_stack("apiVersion: ashore/v1\nkind: Stack\n", "defaults"), root)
    absent = build.missing(golden)
    assert not absent, f"run `ashore up` once: {absent} is not in the cache"
    parts = (*golden.layers, *golden.golden.values())
    return [(part, cache / part.relative_to(root)) for part in parts]


def environment(venv: Path) -> None:
    """A virtual environment made from outside: wheels for the guest's Python."""
    site = venv / f"lib/python{PYTHON}/site-packages"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    pip += ["--no-warn-conflicts", "--target", str(site)]
    wheels = ["--only-binary=:all:", "--python-version", PYTHON]
    wheels += ["--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64"]
    wheels += ["-c", str(REPOSITORY / "constraints.txt")]
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    _run([*pip, *wheels, *project["dependencies"]])
    _run([*pip, "--no-deps", str(REPOSITORY)])
    (venv / "bin").mkdir()
    (venv / "bin/python").symlink_to("/usr/bin/python3")
    (venv / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {PYTHON}\n")
    program = venv / "bin/ashore"
    start = "import sys\nfrom ashore.cli.main import main\nsys.exit(main())\n"
    program.write_text(f"#!{PLACE}/venv/bin/python\n{start}")
    program.chmod(0o755)


def archive(packages: Path, apt: Path, installed: Path) -> None:
    """An archive for apt with `PACKAGES` and what they need beyond the golden disk."""
    for directory in ("lists/partial", "archives/partial"):
        (apt / directory).mkdir(parents=True)
    lines = [re.sub("^deb ", f"deb [signed-by={_KEYS}] ", x) for x in rootfs.host_mirrors()]
    (apt / "sources.list").write_text("\n".join([*lines, ""]))
    options = {
        "Dir::State": apt,
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": installed,
        "Dir::Cache": apt,
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Debug::NoLocking": "true",
    }
    argv = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
    _run([*argv, "update"])
    _run([*argv, "-y", "--no-install-recommends", "--download-only", "install", *PACKAGES])
    packages.mkdir(parents=True)
    index: list[str] = []
    for deb in sorted((apt / "archives").glob("*.deb")):
        deb.rename(packages / deb.name)
        index.append(_entry(packages / deb.name))
    assert index, f"apt fetched nothing for {PACKAGES}"
    (packages / "Packages").write_text("\n".join(index))


def _entry(deb: Path) -> str:
    """The paragraph of a package in an archive's index."""
    fields = _run(["dpkg-deb", "--field", str(deb)]).rstrip("\n")
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    return f"{fields}\nFilename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n"


def _run(argv: list[str]) -> str:
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        argv, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert done.returncode == 0, f"{argv[:4]}: {done.stderr[-2000:]}"
    return done.stdout
