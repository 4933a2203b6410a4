"""The guide by command: `python -m dlguide explain "message"`."""

import argparse
import sys

from dlguide.errors import explain


def main() -> int:
    """Explain an error message, given as words or from a pipe."""
    parser = argparse.ArgumentParser(prog="python -m dlguide", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    explainer = commands.add_parser(
        "explain", help="say what an error means; without words, read standard input"
    )
    explainer.add_argument("message", nargs="*", help="the message, or a traceback")
    arguments = parser.parse_args()
    found = explain(" ".join(arguments.message) or sys.stdin.read())
    if found is None:
        print("unknown error: no entry of the error index fits", file=sys.stderr)
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
