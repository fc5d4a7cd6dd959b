from ashore.image.nettools import libraries

LDD = """\
/usr/sbin/nft:
\tlinux-vdso.so.1 (0x00007fff)
\tlibnftables.so.1 => /lib/x86_64-linux-gnu/libnftables.so.1 (0x00007f1a)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f1b)
/usr/sbin/conntrack:
\tlibmnl.so.0 => /lib/x86_64-linux-gnu/libmnl.so.0 (0x00007f1c)
"""


def test_every_library_that_ldd_found() -> None:
    assert libraries(LDD) == {
        "lib/x86_64-linux-gnu/libnftables.so.1",
        "lib/x86_64-linux-gnu/libmnl.so.0",
        "lib64/ld-linux-x86-64.so.2",
    }
