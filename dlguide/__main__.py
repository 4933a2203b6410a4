"""The guide by command: `python -m dlguide doctor`, `… explain "message"`."""

import os
import sys

if __name__ == "__main__":
    # A file here named as a module, random.py, would be imported in that one's place.
    sys.path[:] = [place for place in sys.path if place not in ("", os.getcwd())]

import argparse

from dlguide.doctor import diagnose, examine, report


def main() -> int:
    """Look over the installation, or explain an error message."""
    parser = argparse.ArgumentParser(prog="python -m dlguide", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "doctor", help="print versions, devices and problems of the installation"
    )
    explainer = commands.add_parser(
        "explain", help="say what an error means; without words, read standard input"
    )
    explainer.add_argument("message", nargs="*", help="the message, or a traceback")
    arguments = parser.parse_args()
    if arguments.command == "doctor":
        return look_over()
    return explain_message(" ".join(arguments.message) or sys.stdin.read())


def look_over() -> int:
    """Print what there is; return 1 if something is wrong with it, else 0."""
    installation = examine()
    print(report(installation))
    return 1 if diagnose(installation) else 0


def explain_message(message: str) -> int:
    """Print what an error says; return 1 if it is unknown, else 0."""
    # Not above: it needs a Python that the doctor may have to ask for.
    from dlguide.errors import explain

    found = explain(message)
    if found is None:
        print("unknown error: no entry of the error index fits", file=sys.stderr)
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
