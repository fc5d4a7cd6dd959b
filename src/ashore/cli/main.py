"""The program's entry point: verbs, and errors as exit codes."""

import os
import sys

from cyclopts import App, CycloptsError

from ashore import __version__
from ashore.cli import (
    check,
    console,
    demo,
    docker,
    doctor,
    down,
    drill,
    image,
    image_build,
    init,
    kubeconfig,
    kubectl,
    logs,
    machine,
    plan,
    power,
    status,
    up,
    volume,
)
from ashore.errors import AshoreError, ExitCode

app = App(
    name="ashore",
    version=__version__,
    version_flags=["--version"],
    help="Kubernetes up and running out of the cloud: one file, one command.",
    help_format="plaintext",
    end_of_options_delimiter="--",
)

app.command(init.init)
app.command(check.check)
app.command(doctor.doctor)
app.command(plan.plan)
app.command(up.up)
app.command(status.status)
app.command(power.power)
app.command(machine.shell)
app.command(machine.exec_, name="exec")
app.command(machine.ssh)
app.command(console.console)
app.command(kubectl.kubectl)
app.command(docker.docker)
image.image.command(image_build.build)
app.command(image.image)
app.command(volume.volume)
app.command(kubeconfig.kubeconfig)
app.command(logs.logs)
app.command(drill.drill)
app.command(demo.demo)
app.command(down.down)
app.register_install_completion_command(name="completion")  # pyright: ignore[reportUnknownMemberType]


def main() -> None:
    """Run the command line; never returns."""
    sys.exit(run(sys.argv[1:]))


def run(argv: list[str]) -> int:
    """Run one command line and return its exit code."""
    ours, theirs = _split(argv)
    debug = "--debug" in ours
    argv = [a for a in ours if a != "--debug"] + theirs
    try:
        result = app(argv, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        return ExitCode.USAGE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except AshoreError as error:
        if debug:
            raise
        from ashore.console.errors import show

        show(error, as_json=_wants_json(ours))
        return error.exit_code
    return int(result or 0)


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """What is for us, and what is for another program: from the first `--` on."""
    end = argv.index("--") if "--" in argv else len(argv)
    return argv[:end], argv[end:]


def _wants_json(argv: list[str]) -> bool:
    return any(
        a in ("-ojson", "--output=json", "-o=json")
        or (a in ("-o", "--output") and argv[i + 1 : i + 2] == ["json"])
        for i, a in enumerate(argv)
    )
