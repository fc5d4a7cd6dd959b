from pathlib import Path

from ashore.image import rootfs

DEB822 = """\
Types: deb
# http://snapshot.example.org/archive/debian/20250520T000000Z
URIs: http://mirror.example.org/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://mirror.example.org/debian-security
Suites: bookworm-security
"""


def test_the_mirrors_of_the_host_are_used() -> None:
    assert rootfs.mirrors([DEB822]) == (
        "deb http://mirror.example.org/debian trixie main",
        "deb http://mirror.example.org/debian trixie-updates main",
        "deb http://mirror.example.org/debian-security trixie-security main",
    )
    one_line = "deb [signed-by=/k.gpg] https://m.example.org/debian/ trixie main\n"
    assert rootfs.mirrors([one_line])[0] == "deb https://m.example.org/debian/ trixie main"


def test_a_host_without_debian_sources_leaves_the_mirror_to_mmdebstrap() -> None:
    other = "deb http://archive.example.org/ubuntu noble main\n"
    assert rootfs.mirrors([other, "# deb http://x.example.org/debian trixie main"]) == ()


def test_packages_are_named_once_each() -> None:
    names = rootfs.packages()
    assert len(set(names)) == len(names)
    assert {"cloud-init", "haproxy", "pacemaker", "dnsmasq", "conntrack"} <= set(names)


def test_the_place_depends_on_the_recipe_alone(tmp_path: Path) -> None:
    assert rootfs.planned(tmp_path).name == rootfs.planned(tmp_path / "other").name
