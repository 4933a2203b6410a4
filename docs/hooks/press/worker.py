"""Run the blocks of one page, top to bottom, in this process and one namespace.

Reads a job (JSON) from standard input and writes one line of JSON for each block to
the file the job names, so that whoever waits knows how far a page came that hangs
or takes the process down.
"""

import ast
import contextlib
import dataclasses
import io
import json
import linecache
import os
import re
import sys
import time
import traceback
import types
import warnings
from typing import Any

from press import figures
from press.blocks import Block, python_view
from press.effects import Effects, Names, PageModule, Watch

ANSI = re.compile(r"\x1b\[[0-9;]*m")
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
TEMPORARY = re.compile(r"(?<=/)(?:dlguide-|tmp)[a-z0-9_]{8}\b")
PROCESS = re.compile(r"(?<=\(pid\(s\) )[\d, ]+(?=\))")
TRIGGERED = re.compile(r" \(Triggered internally at .*?\)")


class BlockError(Exception):
    """A block that did not do what its page says it does."""


def run_blocks(blocks: list[Block], environment: str) -> Any:
    """Yield one result for each block, and stop after the first that fails."""
    names = Names()
    become_main(PageModule(names), blocks)
    device = enter_device(environment)
    # On a GPU the modes that send tensors there would be watched along with the page.
    watch = Watch(names) if environment != "cuda" else None
    for block in blocks:
        result = run_block(block, names, device, watch)
        yield result
        if result["outcome"] == "failed":
            return


def become_main(module: types.ModuleType, blocks: list[Block]) -> None:
    """Make a module the program that runs, with the page as its file."""
    page = blocks[0].page
    module.__file__ = page
    sys.modules["__main__"] = module
    lines = python_view(blocks)
    linecache.cache[page] = (sum(map(len, lines)), None, lines, page)


def enter_device(environment: str) -> Any:
    """Send tensors to the GPU when the environment is one; return the mode's note."""
    if environment != "cuda":
        if sys.platform == "darwin":
            from press.device import stay_on_cpu

            stay_on_cpu()
        return None
    import torch

    from press.device import OnDevice

    mode = OnDevice(torch.device("cuda", 0))
    mode.__enter__()
    return mode


def run_block(
    block: Block, namespace: dict[str, Any], device: Any = None, watch: Any = None
) -> dict[str, Any]:
    """Run one block and hold its outputs against what its options promise."""
    if device is not None:
        device.touched = False
    out, err = io.StringIO(), io.StringIO()
    outputs: list[dict[str, str]] = []
    raised: BaseException | None = None
    shown: list[dict[str, str]] = []
    effects: list[Effects] = []
    start, idle = time.perf_counter(), watch.seconds if watch else 0.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                value = execute(block, namespace, watch, effects)
                if value is not None:
                    shown.append(represent(value))
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                raised = error
            # Drawing may warn too, of a missing glyph for example.
            drawn = figures.take()
    seconds = time.perf_counter() - start
    if watch:
        seconds -= watch.seconds - idle
    if out.getvalue():
        outputs.append({"kind": "text", "text": clean(out.getvalue())})
    outputs += [
        {"kind": "warning", "text": warning_text(warning)} for warning in unique(caught)
    ]
    outputs += shown
    if raised is not None:
        outputs.append({"kind": "error", "text": error_text(raised)})
    outputs += [{"kind": "figure", "text": svg} for svg in drawn]
    result = {
        "outcome": "failed as intended" if "raises" in block.options else "ran",
        "seconds": seconds,
        "outputs": outputs,
        "touched": bool(device is not None and device.touched),
        # By lines of the block: prose above it may change without a new run.
        "effects": [dataclasses.asdict(e.moved(1 - block.line)) for e in effects],
    }
    try:
        judge(block, raised, caught, err.getvalue(), outputs)
    except BlockError as error:
        result |= {"outcome": "failed", "message": report(block, str(error), raised)}
    return result


def execute(
    block: Block, namespace: dict[str, Any], watch: Watch | None, effects: list[Effects]
) -> Any:
    """Execute a block at the page's own line numbers; return its last expression."""
    value = None
    for statement in statements_of(block):
        if watch is None:
            value = run_statement(statement, block.page, namespace)
            continue
        effects.append(Effects(*lines_of(statement)))
        with watch.statement(effects[-1]):
            value = run_statement(statement, block.page, namespace)
    return value


def statements_of(block: Block) -> list[list[ast.stmt]]:
    """Return the statements of a block at the lines of its page, line by line."""
    tree = ast.parse(block.code, filename=block.page)
    ast.increment_lineno(tree, block.line - 1)
    found: list[list[ast.stmt]] = []
    for node in tree.body:
        if found and node.lineno <= (found[-1][-1].end_lineno or 0):
            found[-1].append(node)
        else:
            found.append([node])
    return found


def lines_of(statement: list[ast.stmt]) -> tuple[int, int]:
    """Return the first and the last line of a statement, decorators included."""
    decorators = getattr(statement[0], "decorator_list", [])
    first = min(node.lineno for node in (statement[0], *decorators))
    return first, statement[-1].end_lineno or first


def run_statement(statement: list[ast.stmt], page: str, names: dict[str, Any]) -> Any:
    """Run the nodes of a statement; return the value of an expression at its end."""
    body, last = statement, None
    if isinstance(statement[-1], ast.Expr):
        body, last = statement[:-1], ast.Expression(statement[-1].value)
    exec(compile(ast.Module(body, type_ignores=[]), page, "exec"), names)
    if last is None:
        return None
    return eval(compile(last, page, "eval"), names)


def represent(value: Any) -> dict[str, str]:
    """Return a value as the page shows it: a table where it has one, else its repr."""
    if hasattr(value, "_repr_html_") and type(value).__module__.startswith("pandas"):
        return {"kind": "table", "text": value._repr_html_(), "plain": repr(value)}
    return {"kind": "text", "text": clean(repr(value))}


def clean(text: str) -> str:
    """Take out terminal colours and what differs between runs: addresses, processes."""
    text = text.replace(os.getcwd() + os.sep, "").replace(os.getcwd(), ".")
    scrubbed = {
        ANSI: "",
        ADDRESS: "0x…",
        TEMPORARY: "tmp…",
        PROCESS: "…",
        TRIGGERED: "",
    }
    for pattern, general in scrubbed.items():
        text = pattern.sub(general, text)
    return text.rstrip("\n")


def error_text(error: BaseException) -> str:
    return clean(f"{type(error).__name__}: {error}")


def warning_text(warning: warnings.WarningMessage) -> str:
    return clean(f"{warning.category.__name__}: {warning.message}")


def unique(
    caught: list[warnings.WarningMessage],
) -> list[warnings.WarningMessage]:
    """Drop repeats of the same warning, as Python's default filter does."""
    return list({warning_text(warning): warning for warning in caught}.values())


def judge(
    block: Block,
    raised: BaseException | None,
    caught: list[warnings.WarningMessage],
    stderr: str,
    outputs: list[dict[str, str]],
) -> None:
    """Raise `BlockError` unless the block did exactly what its options promise."""
    expected = block.options.get("raises")
    if expected and raised is None:
        raise BlockError(f"expected {expected!r}, and nothing was raised")
    if raised is not None:
        if expected is None:
            raise BlockError(f"raised {error_text(raised)}")
        if not matches(expected, error_text(raised)):
            raise BlockError(f"expected {expected!r}, raised {error_text(raised)!r}")
    refuse_other_output(block, outputs)
    texts = [warning_text(warning) for warning in unique(caught)]
    expected = block.options.get("warns")
    if expected and not any(matches(expected, text) for text in texts):
        raise BlockError(f"expected the warning {expected!r}, and it did not come")
    for text in texts:
        if expected is None or not matches(expected, text):
            raise BlockError(f"warned {text!r}")
    if stderr:
        raise BlockError(f"wrote to standard error: {stderr!r}")
    drew = any(output["kind"] == "figure" for output in outputs)
    if drew and not block.options.get("alt"):
        raise BlockError('draws a figure; say what it shows with alt="…"')
    if block.options.get("alt") and not drew:
        raise BlockError("has alt text, and drew no figure")


def refuse_other_output(block: Block, outputs: list[dict[str, str]]) -> None:
    """Raise `BlockError` where the text that a block must print is missing."""
    expected = block.options.get("shows")
    texts = [output["text"] for output in outputs if output["kind"] == "text"]
    if expected and squeeze(expected) not in squeeze(" ".join(texts)):
        raise BlockError(f"expected {expected!r} in its output, which is {texts!r}")


def matches(expected: str, text: str) -> bool:
    """Return whether `Type: part of the message` fits `Type: message`."""
    kind, _, part = expected.partition(":")
    got_kind, _, message = text.partition(":")
    return kind.strip() == got_kind and squeeze(part) in squeeze(message)


def squeeze(text: str) -> str:
    return " ".join(text.split())


def report(block: Block, message: str, raised: BaseException | None) -> str:
    """Name page and line, and show the part of the traceback from the page on."""
    trace = ""
    line = block.line
    if raised is not None:
        summary = traceback.TracebackException.from_exception(raised)
        frames = [f for f in summary.stack if f.filename != __file__]
        summary.stack = traceback.StackSummary.from_list(frames)
        trace = "\n" + "".join(summary.format()).rstrip()
        own = [f.lineno for f in frames if f.filename == block.page and f.lineno]
        line = own[-1] if own else getattr(raised, "lineno", None) or line
        if isinstance(raised, SyntaxError) and raised.lineno:
            line = block.line + raised.lineno - 1
    return f"{block.page}:{line}: the block at line {block.line} {message}{trace}"


def main() -> None:
    job = json.load(sys.stdin)
    blocks = [Block(**fields) for fields in job["blocks"]]
    figures.prepare()
    with open(job["results"], "w", encoding="utf-8") as results:
        for result in run_blocks(blocks, job["environment"]):
            results.write(json.dumps(result) + "\n")
            results.flush()


def as_job(blocks: list[Block], environment: str, results: str) -> str:
    """Return what `main` reads."""
    return json.dumps(
        {
            "blocks": [dataclasses.asdict(block) for block in blocks],
            "environment": environment,
            "results": results,
        }
    )


if __name__ == "__main__":
    main()
