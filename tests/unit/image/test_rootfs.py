from pathlib import Path

from ashore.image import aptsources, rootfs

DEB822 = """\
Types: deb
# http://snapshot.example.org/archive/debian/20250520T000000Z
URIs: http://mirror.example.org/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example.org/debian-security
Suites: bookworm-security
Components: main
"""
ONE_LINE = """\
deb [signed-by=/k.gpg] https://m.example.org/debian/ trixie main contrib  # near
deb https://m.example.org/debian trixie-updates main
deb-src https://other.example.org/debian trixie main
"""
VENDORS = """\
deb [arch=amd64 signed-by=/box.gpg] https://box.example.org/virtualbox/debian trixie contrib
deb [signed-by=/ce.gpg] https://ce.example.org/linux/debian trixie stable
deb https://db.example.org/debian stable main
deb https://web.example.org/public/stable/deb/debian any-version main
deb https://pi.example.org/debian trixie main
"""
"""As VirtualBox, Docker, InfluxDB, Caddy and Raspberry Pi OS have it."""


def test_the_mirrors_of_the_host_are_used() -> None:
    assert rootfs.mirrors([DEB822]) == (
        "deb http://mirror.example.org/debian trixie main",
        "deb http://mirror.example.org/debian trixie-updates main",
        "deb http://mirror.example.org/debian-security trixie-security main",
    )
    assert rootfs.mirrors([ONE_LINE]) == (
        "deb https://m.example.org/debian/ trixie main",
        "deb https://m.example.org/debian/ trixie-updates main",
    )


def test_a_vendors_repository_is_no_mirror_of_debian() -> None:
    assert rootfs.mirrors([VENDORS]) == ()
    for own in (DEB822, ONE_LINE):
        assert rootfs.mirrors([VENDORS, own]) == rootfs.mirrors([own])


def test_suites_may_be_in_paragraphs_of_their_own_and_over_lines() -> None:
    first = "Types: deb deb-src\nURIs: http://a.example.org/debian/\nSuites: sid\n trixie\n"
    second = first.replace("sid\n trixie", "trixie-updates").replace("an/\n", "an\n")
    text = "\n".join(each + "Components: main\n" for each in (first, second))
    assert rootfs.mirrors([text])[0] == "deb http://a.example.org/debian/ trixie main"
    assert rootfs.mirrors([text.replace("deb deb-src", "deb-src")]) == ()


def test_a_source_that_is_switched_off_is_none() -> None:
    assert rootfs.mirrors([f"Enabled: no\n{DEB822}"]) == ()
    assert rootfs.mirrors([f"Enabled: yes\n{DEB822}"]) == rootfs.mirrors([DEB822])


def test_only_the_files_that_apt_reads_are_read(tmp_path: Path) -> None:
    assert aptsources.installed(tmp_path) == []
    beside = tmp_path / "sources.list.d"
    beside.mkdir()
    (tmp_path / "sources.list").write_text("first")
    for name in ("a.sources", "b.list", "c.list.save", "d.sources.disabled"):
        (beside / name).write_text(name)
    assert aptsources.installed(tmp_path) == ["first", "a.sources", "b.list"]


def test_a_host_without_debian_sources_leaves_the_mirror_to_mmdebstrap() -> None:
    other = """\
deb http://archive.example.org/ubuntu noble main
deb http://archive.example.org/ubuntu noble-updates main
# deb http://x.example.org/debian trixie main
# deb http://x.example.org/debian trixie-updates main
"""
    assert rootfs.mirrors([other]) == ()


def test_packages_are_named_once_each() -> None:
    names = rootfs.packages()
    assert len(set(names)) == len(names)
    assert {"cloud-init", "haproxy", "pacemaker", "dnsmasq", "conntrack"} <= set(names)


def test_the_place_depends_on_the_recipe_alone(tmp_path: Path) -> None:
    assert rootfs.planned(tmp_path).name == rootfs.planned(tmp_path / "other").name
