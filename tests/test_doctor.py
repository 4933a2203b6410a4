"""Each trouble found in a made-up installation, none in a sound one; this machine."""

import ast
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from dlguide import doctor
from dlguide.doctor import Installation, Problem, diagnose, examine, report

ROOT = Path(__file__).parents[1]
VERSIONS = {
    "torch": "2.13.0",
    "numpy": "2.4.6",
    "matplotlib": "3.11.2",
    "pillow": "13.0.0",
    "pooch": "1.9.0",
    "tqdm": "4.70.1",
}
SOUND = Installation("3.11.2", VERSIONS)
GPU = replace(
    SOUND,
    cuda="13.0",
    nvidia="NVIDIA H200",
    devices={"cpu": "", "cuda:0": "NVIDIA H200, 141 GB"},
    capabilities={"cuda:0": "sm_90"},
    architectures=("sm_75", "sm_80", "sm_90"),
)
VISION = replace(
    SOUND,
    versions=VERSIONS | {"torchvision": "0.28.0"},
    torchvision_wants="2.13.0",
)


def with_versions(**versions: str) -> Installation:
    return replace(SOUND, versions=VERSIONS | versions)


@pytest.mark.parametrize(
    "sound",
    [
        SOUND,
        GPU,
        VISION,
        replace(VISION, versions=VISION.versions | {"torch": "2.13.0+cpu"}),
        replace(GPU, capabilities={"cuda:0": "sm_89"}),
        replace(GPU, capabilities={"cuda:0": "sm_120"}, architectures=("compute_90",)),
        replace(SOUND, python="3.14.0", shared_mb=24_000.0),
        replace(GPU, visible_devices="GPU-8f3c", versions=VERSIONS),
    ],
)
def test_a_sound_installation_has_no_problem(sound):
    assert diagnose(sound) == []


@pytest.mark.parametrize(
    ("broken", "found", "advice"),
    [
        (
            replace(SOUND, python="3.9.6"),
            "Python 3.9.6 is older than 3.11",
            "install Python 3.11 or later",
        ),
        (replace(SOUND, bits=32), "this Python has 32 bits", "64-bit"),
        (
            replace(SOUND, hidden={"random.py": "random"}),
            "random.py in this folder hides the module random",
            "rename random.py",
        ),
        (
            replace(SOUND, versions={"torch": "2.13.0", "numpy": "2.4.6"}),
            "not installed: matplotlib, pillow, pooch, tqdm",
            "pip install matplotlib pillow pooch tqdm",
        ),
        (
            with_versions(torch="2.5.1+cu124"),
            "torch 2.5.1+cu124 is older than 2.11",
            "pip install --upgrade torch",
        ),
        (
            replace(VISION, torchvision_wants="2.14.1"),
            "torchvision 0.28.0 is built for torch 2.14.1, installed is torch 2.13.0",
            "pip install --upgrade torch torchvision",
        ),
        (
            replace(VISION, import_errors={"torchvision": "RuntimeError: nms"}),
            "torchvision cannot be imported: RuntimeError: nms",
            "pip install --force-reinstall --no-cache-dir torch torchvision",
        ),
        (
            replace(SOUND, import_errors={"torch": "OSError: libcudart.so.13"}),
            "torch cannot be imported: OSError: libcudart.so.13",
            "pip install --force-reinstall --no-cache-dir torch",
        ),
        (
            Installation("3.11.2", {}, import_errors={"metadata": "ValueError: x"}),
            "the list of installed packages cannot be read: ValueError: x",
            "python -m venv",
        ),
        (
            replace(SOUND, nvidia="NVIDIA H200"),
            "NVIDIA H200 is here, but this torch is a build for the CPU",
            "pip uninstall torch",
        ),
        (
            replace(GPU, devices={"cpu": ""}, capabilities={}, visible_devices=""),
            "CUDA_VISIBLE_DEVICES is '', which hides NVIDIA H200",
            "unset the variable",
        ),
        (
            replace(GPU, devices={"cpu": ""}, capabilities={}, visible_devices="-1"),
            "CUDA_VISIBLE_DEVICES is '-1'",
            "unset the variable",
        ),
        (
            replace(GPU, devices={"cpu": ""}, capabilities={}),
            "torch was built for CUDA 13.0, but does not reach NVIDIA H200",
            "update the NVIDIA driver",
        ),
        (
            replace(GPU, capabilities={"cuda:0": "sm_61"}),
            "cuda:0 is sm_61, and this torch was built for sm_75, sm_80, sm_90",
            "install a build for this GPU",
        ),
        (
            replace(GPU, capabilities={"cuda:0": "sm_120"}),
            "cuda:0 is sm_120",
            "install a build for this GPU",
        ),
        (
            replace(SOUND, cache="/root/.cache/torch"),
            "nothing can be written to /root/.cache/torch",
            "TORCH_HOME",
        ),
        (
            replace(SOUND, shared_mb=67.1),
            "/dev/shm has 67 MB",
            "--shm-size=2g",
        ),
    ],
)
def test_a_known_trouble_is_found_alone_and_with_advice(broken, found, advice):
    (problem,) = diagnose(broken)
    assert found in problem.found
    assert advice in problem.advice
    assert "\n" not in problem.found + problem.advice


def test_numpy_2_beside_an_old_torch_is_found():
    found = [problem.found for problem in diagnose(with_versions(torch="2.2.2"))]
    assert "torch 2.2.2 was built for NumPy 1, installed is numpy 2.4.6" in found
    both_old = with_versions(torch="2.2.2", numpy="1.26.4")
    assert len(diagnose(both_old)) == len(found) - 1


def test_every_detector_has_its_case():
    cases = test_a_known_trouble_is_found_alone_and_with_advice.pytestmark[0].args[1]
    broken = [case[0] for case in cases] + [with_versions(torch="2.2.2")]
    for detect in doctor._DETECTORS:
        assert any(list(detect(one)) for one in broken), detect.__name__


def test_a_broken_torch_is_not_blamed_for_the_gpu_it_does_not_see():
    broken = replace(SOUND, nvidia="NVIDIA H200", import_errors={"torch": "OSError"})
    assert [p.found for p in diagnose(broken)] == ["torch cannot be imported: OSError"]


def test_what_the_guide_needs_is_what_the_package_declares():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = dict(d.split(">=") for d in project["project"]["dependencies"])
    assert set(declared) == set(doctor.NEEDED)
    assert doctor._parts(declared["torch"]) == doctor.OLDEST_TORCH
    oldest = project["project"]["requires-python"].removeprefix(">=")
    assert doctor._parts(oldest) == doctor.OLDEST_PYTHON


@pytest.mark.parametrize("name", ["__init__", "__main__", "doctor"])
def test_an_old_python_can_read_the_doctor(name):
    code = (ROOT / "dlguide" / f"{name}.py").read_text(encoding="utf-8")
    ast.parse(code, feature_version=(3, 8))


# This machine


def test_this_machine_is_seen_as_it_is():
    found = examine()
    assert found.versions["torch"].startswith("2.")
    assert "cpu" in found.devices
    assert found.import_errors == {}
    assert "torch         2." in report(found)


def test_the_report_ends_in_the_problems():
    text = report(replace(SOUND, shared_mb=64.0))
    assert text.splitlines()[-3] == "Problems: 1"
    assert text.splitlines()[-1].startswith("  -> in Docker")
    assert report(SOUND).endswith("Problems: none found")


def run_in(folder: Path, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "dlguide", "doctor"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
        capture_output=True,
        encoding="utf-8",
    )


def test_files_that_hide_modules_are_named_and_do_no_harm(tmp_path):
    for name in ("random.py", "json.py", "time.py", "os.py", "train.py"):
        (tmp_path / name).write_text("raise SystemExit('imported by mistake')")
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").touch()
    (tmp_path / "numpy").mkdir()  # Without __init__.py it hides nothing.
    done = run_in(tmp_path)
    assert done.returncode == 1, done.stderr
    assert "Problems: 3\n" in done.stdout
    for line in ("json.py", "random.py", "torch"):
        assert f"{line} in this folder hides the module" in done.stdout
    assert "cpu  " in done.stdout


def broken_package(folder: Path, name: str, version: str, code: str) -> None:
    """Write an installed package whose import runs some code."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(code)
    notes = folder / f"{name}-{version}.dist-info"
    notes.mkdir()
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (notes / "METADATA").write_text(head + "Requires-Dist: torch (==2.99.0)\n")


def test_a_torchvision_that_does_not_fit_is_named_and_never_imported_here(tmp_path):
    code = "raise RuntimeError('operator torchvision::nms does not exist')"
    broken_package(tmp_path / "packages", "torchvision", "0.84.0", code)
    path = os.pathsep.join([str(tmp_path / "packages"), str(ROOT)])
    done = run_in(tmp_path, PYTHONPATH=path)
    assert done.returncode == 1
    assert "torchvision 0.84.0 is built for torch 2.99.0" in done.stdout
    assert "RuntimeError: operator torchvision::nms does not exist" in done.stdout


def test_a_torch_that_ends_its_process_does_not_end_the_doctor(tmp_path):
    code = "import os; os._exit(132)"
    broken_package(tmp_path / "packages", "torch", "2.13.0", code)
    path = os.pathsep.join([str(tmp_path / "packages"), str(ROOT)])
    done = run_in(tmp_path, PYTHONPATH=path)
    assert done.returncode == 1
    assert "torch cannot be imported: ended with code 132" in done.stdout


def test_the_command_ends_well_where_nothing_is_wrong(tmp_path):
    cache = {"TORCH_HOME": str(tmp_path)}
    done = run_in(tmp_path, **cache)
    problems = diagnose(examine())
    assert done.returncode == (1 if problems else 0), done.stdout + done.stderr


def test_a_cache_that_is_a_file_is_closed(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "file" / "torch"))
    assert doctor._closed_cache() == str(tmp_path / "file" / "torch")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "new" / "torch"))
    assert doctor._closed_cache() is None


def test_gpus_are_what_nvidia_smi_lists(tmp_path, monkeypatch):
    command = tmp_path / "nvidia-smi"
    command.write_text("#!/bin/sh\necho NVIDIA H200\necho NVIDIA L4\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert doctor._nvidia() == "NVIDIA H200, NVIDIA L4"
    command.write_text("#!/bin/sh\necho No devices were found\nexit 6\n")
    assert doctor._nvidia() == ""


def test_a_problem_says_what_and_then_what_to_do():
    assert str(Problem("it is broken", "mend it")) == "it is broken\n  -> mend it"
