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
        "http://mirror.example.org/debian",
        "http://mirror.example.org/debian-security",
    )
    one_line = "deb [signed-by=/k.gpg] https://m.example.org/debian/ trixie main\n"
    assert rootfs.mirrors([one_line])[0] == "https://m.example.org/debian/"


def test_a_host_that_is_not_debian_takes_the_default() -> None:
    ubuntu = "deb http://archive.example.org/ubuntu noble main\n"
    assert rootfs.mirrors([ubuntu, "# deb http://x.example.org/debian trixie main"]) == (
        "http://mirror.example.org/debian",
        "http://mirror.example.org/debian-security",
    )


def test_packages_are_named_once_each() -> None:
    names = rootfs.packages()
    assert len(set(names)) == len(names)
    assert {"cloud-init", "haproxy", "pacemaker", "dnsmasq", "conntrack"} <= set(names)


def test_the_place_depends_on_the_recipe_alone(tmp_path: Path) -> None:
    assert rootfs.planned(tmp_path).name == rootfs.planned(tmp_path / "other").name
