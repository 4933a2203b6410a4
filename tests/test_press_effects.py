"""What the watch notes of a statement: reads, bindings, changes, files, seeds."""

import contextlib

import pytest

from press import worker
from press.blocks import parse_page
from press.effects import (
    ENVIRONMENT,
    FILES,
    RANDOM_NUMBERS,
    SETTINGS,
    Effects,
    Names,
    Watch,
)

TORCH = f"{RANDOM_NUMBERS} torch"


def files(names: list[str]) -> list[str]:
    """Return the files of the page's own folder among names of what is read."""
    return [n.removeprefix(f"{FILES} ") for n in names if n.startswith(FILES)]


@pytest.fixture
def did(monkeypatch, tmp_path):
    """Return a function that runs a program and tells what its last statement did."""
    import torch

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    # The watch listens there.
    monkeypatch.setattr(torch.random, "default_generator", torch.default_generator)
    state = torch.get_rng_state()

    def run(code: str) -> Effects:
        names = Names()
        names["__name__"] = "__main__"
        effects: list[Effects] = []
        block = parse_page("x.md", f"# X\n\n```python\n{code}\n```\n").blocks[0]
        with contextlib.suppress(ZeroDivisionError):
            worker.execute(block, names, Watch(names), effects)
        return effects[-1]

    yield run
    torch.set_rng_state(state)


def test_names_are_read_bound_and_deleted(did):
    effects = did("a = 1\nb = a")
    assert (effects.reads, effects.binds) == (["a"], ["b"])
    assert did("a = 1\ndel a").binds == ["a"]


def test_what_a_function_of_the_page_reads_is_read_by_who_calls_it(did):
    code = "base = 2\ndef twice():\n    return 2 * base\ntwice()"
    assert did(code).reads == ["base", "twice"]


def test_looking_for_a_module_reads_no_file_of_the_page(did):
    failing = "try:\n    import no_such_module\nexcept ImportError:\n    pass"
    assert not files(did(failing).reads)
    own = "from pathlib import Path\n_ = Path('ours.py').write_text('a = 1')\n"
    assert files(did(own + "import ours").reads) == ["ours.py"]


def test_a_seed_sets_the_numbers_even_if_they_end_as_they_began(did):
    effects = did("import torch\n_ = torch.manual_seed(1)\n_ = torch.manual_seed(1)")
    assert TORCH in effects.binds
    assert TORCH not in effects.reads


def test_a_seed_of_pytorch_is_none_of_numpy(did):
    code = "import numpy, torch\ntorch.manual_seed(1), numpy.random.rand()"
    assert f"{RANDOM_NUMBERS} numpy" in did(code).reads


def test_a_name_that_the_statement_itself_binds_is_not_read(did):
    assert did("n = 5\nfor n in range(2):\n    n").reads == []


def test_a_name_is_bound_anew_even_where_its_object_is_the_same(did):
    assert did("import os\nimport os").binds == ["os"]
    assert did("n = 300\nfor n in range(299, 301):\n    pass").binds == ["n"]


def test_a_number_in_a_list_is_told_by_its_value_not_by_its_place(did):
    # The second float may lie where the first one lay.
    code = "x = [0.5]\nfor step in range(2):\n    x[0] = float(step) + 0.25"
    assert did(code).changes == ["x"]
    assert did("x = [float('1.5')]\nx[0] = float('1.5')").changes == []


@pytest.mark.parametrize(
    "change",
    [
        "x += 1",
        "x[0] = 5",
        "x.numpy()[0] = 5",
        "x.data[0] = 5",
        "holder['x'].zero_()",
        "view.mul_(2)",
    ],
)
def test_tensors_change_whoever_changes_them(did, change):
    made = "import torch\nx = torch.ones(3)\nview = x[:2]\nholder = {'x': x}\n"
    assert set(did(made + change).changes) == {"x", "view", "holder"}


def test_a_backward_pass_changes_the_model_and_its_optimizer(did):
    code = (
        "import torch\nmodel = torch.nn.Linear(2, 1)\n"
        "optimizer = torch.optim.SGD(model.parameters())\n"
        "loss = model(torch.ones(1, 2)).sum()\nloss.backward()"
    )
    assert {"model", "optimizer"} <= set(did(code).changes)


def test_switching_a_model_to_evaluation_changes_it(did):
    code = "import torch\nmodel = torch.nn.Sequential(torch.nn.Dropout())\nmodel.eval()"
    assert did(code).changes == ["model"]


def test_a_hook_changes_the_layer_that_has_it(did):
    code = (
        "import torch\nlayer = torch.nn.ReLU()\n_ = layer.register_forward_hook(print)"
    )
    assert "layer" in did(code).changes


def test_lists_and_dictionaries_grow_or_change(did):
    assert did("x = [1]\nx.append(2)").grows == ["x"]
    assert did("x = {1: 2}\nx[3] = 4").grows == ["x"]
    assert did("x = [1]\nx[0] = 2").grows == []
    assert did("x = [1]\nx[0] = 2").changes == ["x"]


def test_a_generator_changes_each_time_it_is_read(did):
    assert did("x = (n for n in range(3))\nnext(x)").changes == ["x"]


def test_reading_a_tensor_changes_nothing(did):
    assert did("import torch\nx = torch.ones(2)\nx.sum().item()").changes == []


def test_a_seed_binds_the_random_numbers_and_a_draw_reads_them(did):
    seeded = did("import torch\ntorch.manual_seed(0)")
    assert TORCH in seeded.binds
    drawn = did("import torch\ntorch.rand(2)")
    assert TORCH in drawn.reads
    assert TORCH in drawn.changes


def test_a_function_that_seeds_first_does_not_read_the_random_numbers(did):
    code = (
        "import torch\ndef draw():\n    torch.manual_seed(3)\n"
        "    return torch.rand(2)\nx = draw()"
    )
    effects = did(code)
    assert TORCH in effects.binds
    assert TORCH not in effects.reads


def test_a_function_that_seeds_after_a_draw_does(did):
    code = "import torch\nx = torch.rand(2), torch.manual_seed(3)"
    assert TORCH in did(code).reads


def test_files_and_folders_are_read_and_changed(did):
    assert files(did("_ = open('a.txt', 'w').close()").binds) == ["a.txt"]
    assert files(did("_ = open('a.txt', 'a').close()").reads) == ["a.txt"]
    assert files(did("import os\nos.mkdir('folder')").changes) == ["folder"]
    inside = (
        "import os\nos.makedirs('in', exist_ok=True)\n_ = open('in/b.txt', 'w').close()"
    )
    assert files(did(inside).binds) == ["in/b.txt"]
    read = files(did(f"{inside}\nopen('in/b.txt').close()").reads)
    assert read == ["in", "in/b.txt"]


@pytest.mark.parametrize(
    "write", ["Path('h.txt').write_text('22')", "torch.save(3, 'h.txt')"]
)
def test_a_file_that_is_written_anew_does_not_depend_on_what_it_was(did, write):
    imports = "import torch\nfrom pathlib import Path"
    effects = did(f"{imports}\n_ = open('h.txt', 'w').close()\n_ = {write}")
    assert files(effects.binds) == ["h.txt"]
    assert not files([*effects.reads, *effects.changes])


def test_who_writes_into_a_folder_needs_it(did):
    code = "import os\nos.mkdir('inside')\n_ = open('inside/i.txt', 'w').close()"
    effects = did(code)
    assert (files(effects.reads), files(effects.binds)) == (
        ["inside"],
        ["inside/i.txt"],
    )
    assert files(did("import os\nos.mkdir('inside/j')").reads) == ["inside"]


def test_a_folder_is_read_with_all_that_is_in_it_and_nothing_else(did):
    names = ("k/l.txt", "k/m.txt", "kk.txt")
    write = [f"_ = open({name!r}, 'w').close()" for name in names]
    effects = did("\n".join(["import os", "os.mkdir('k')", *write, "os.listdir('k')"]))
    assert files(effects.reads) == ["k", "k/l.txt", "k/m.txt"]


def test_bytecode_counts_for_nothing(did):
    assert not did("import os\nos.makedirs('__pycache__', exist_ok=True)").changes


def test_a_file_that_is_taken_away_is_changed(did):
    code = "import os\n_ = open('c.txt', 'w').close()\nos.remove('c.txt')"
    assert files(did(code).changes) == ["c.txt"]


def test_a_file_is_read_without_the_others(did):
    code = "_ = open('d.txt', 'w').close()\n_ = open('e.txt', 'w').close()\n"
    assert files(did(f"{code}open('d.txt').close()").reads) == ["d.txt"]


@pytest.mark.parametrize(
    "look",
    [
        "import os\nos.listdir()",
        "from pathlib import Path\n[*Path().iterdir()]",
        "import subprocess, sys\n_ = subprocess.run([sys.executable, '-V'])",
    ],
)
def test_who_lists_the_folder_or_starts_a_program_reads_every_file(did, look):
    code = "_ = open('f.txt', 'w').close()\n_ = open('g.txt', 'w').close()\n"
    read = files(did(code + look).reads)
    assert {"f.txt", "g.txt"} <= set(read)


def test_settings_and_environment(did):
    code = "import torch\ntorch.set_printoptions(precision=2)"
    try:
        assert did(code).changes == [SETTINGS]
    finally:
        import torch

        torch.set_printoptions(profile="default")
    assert ENVIRONMENT in did("import os\nos.getcwd()").reads


def test_a_statement_that_fails_is_marked_and_its_effects_are_kept(did):
    effects = did("x = [1]\nx.append(2), 1 / 0")
    assert effects.failed
    assert effects.changes == ["x"]
