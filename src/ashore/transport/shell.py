"""What a command on a machine gets, whichever way it comes there."""

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "TERM": "dumb",
}

# $1 path, $2 mode, $3 owner. `mv -T`: a directory in the way is an error.
PUT = """\
set -e
umask 077
[ -d "${1%/*}/" ] || (umask 022; mkdir -p "${1%/*}")
new="$1.ashore-$$"
trap 'rm -f "$new"' EXIT
cat >"$new"
[ "$3" = root:root ] || chown "$3" "$new"
chmod "$2" "$new"
mv -fT "$new" "$1"
"""
"""A script that writes its standard input to a file, which appears as a whole."""
