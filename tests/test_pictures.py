"""The program that trains on a folder of pictures and classifies others."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from dlguide.datasets import write_image_folder
from dlguide.pictures import classify, main, train_folder

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory) -> Path:
    return write_image_folder(
        tmp_path_factory.mktemp("data") / "shapes", train=20, test=5, size=16
    )


@pytest.fixture(scope="module")
def trained(shapes, tmp_path_factory) -> Path:
    weights = tmp_path_factory.mktemp("model") / "shapes.pth"
    train_folder(shapes, weights, epochs=2, size=16)
    return weights


def test_training_learns_what_is_on_the_pictures(tmp_path):
    data = tmp_path / "shapes"
    names = ["disc", "box"]
    folder = write_image_folder(data, classes=names, train=80, test=20, size=16)
    history, _ = train_folder(folder, tmp_path / "m.pth", epochs=25, size=16)
    assert history.train["loss"][-1] < 0.75 * history.train["loss"][0]
    assert history.train["accuracy"][-1] > 0.7


def test_a_seed_repeats_a_training(shapes, tmp_path):
    runs = [
        train_folder(shapes, tmp_path / f"{n}.pth", epochs=1, size=16) for n in range(2)
    ]
    assert runs[0][0].train == runs[1][0].train
    assert runs[0][1] == runs[1][1]


def test_beside_the_weights_lies_what_is_needed_to_build_the_model(trained):
    settings = json.loads(trained.with_suffix(".json").read_text())
    assert settings == {
        "classes": ["circle", "square", "triangle"],
        "hidden_units": 10,
        "size": 16,
    }
    assert torch.load(trained, weights_only=True)


def test_a_picture_gets_a_probability_for_each_class_the_likeliest_first(
    shapes, trained
):
    chances = classify(shapes / "test" / "square" / "0.jpg", trained)
    assert set(chances) == {"circle", "square", "triangle"}
    assert list(chances.values()) == sorted(chances.values(), reverse=True)
    assert sum(chances.values()) == pytest.approx(1)


def test_a_test_picture_that_is_a_training_picture_stops_the_training(tmp_path):
    folder = write_image_folder(tmp_path / "x", train=4, test=2, size=16)
    copied = folder / "train" / "circle" / "0.jpg"
    (folder / "test" / "circle" / "copy.jpg").write_bytes(copied.read_bytes())
    with pytest.raises(ValueError, match=r"1 test pictures are training pictures"):
        train_folder(folder, tmp_path / "m.pth", size=16)
    assert not (tmp_path / "m.pth").exists()


def test_parts_with_other_classes_are_refused(tmp_path):
    folder = write_image_folder(tmp_path / "x", train=2, test=1, size=16)
    (folder / "test" / "circle").rename(folder / "test" / "disc")
    with pytest.raises(ValueError, match="classes differ"):
        train_folder(folder, tmp_path / "m.pth", size=16)


def test_a_single_training_picture_is_refused(tmp_path):
    folder = write_image_folder(tmp_path / "x", classes=["a"], train=1, test=1, size=16)
    with pytest.raises(ValueError, match="expected 2 or more"):
        train_folder(folder, tmp_path / "m.pth", size=16)


def test_weights_without_their_settings_are_refused(tmp_path, shapes):
    picture = shapes / "test" / "square" / "0.jpg"
    with pytest.raises(FileNotFoundError, match=r"no file .*m\.json"):
        classify(picture, tmp_path / "m.pth")
    (tmp_path / "m.json").write_text("{}")
    with pytest.raises(ValueError, match="cannot be read as settings"):
        classify(picture, tmp_path / "m.pth")


# The command line


def test_the_program_trains_and_predicts(shapes, tmp_path, capsys):
    weights = str(tmp_path / "m.pth")
    words = ["train", str(shapes), "--output", weights, "--epochs", "1", "--size", "16"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "History(1 epochs" in out
    assert "test loss" in out
    picture = str(shapes / "test" / "circle" / "0.jpg")
    assert main(["predict", picture, "--model", weights]) == 0
    assert capsys.readouterr().out.startswith(f"{picture}: ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "nowhere"], "error: no folder nowhere/train"),
        (["predict", "x.jpg", "--model", "nowhere.pth"], "error: no file nowhere.json"),
    ],
)
def test_an_error_is_one_line_and_exit_status_1(words, message, capsys):
    assert main(words) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(message)
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_an_unknown_word_is_explained_with_exit_status_2(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["evaluate"])
    assert caught.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


def test_the_modules_can_be_copied_into_another_project(shapes, tmp_path):
    package = tmp_path / "project" / "dlguide"
    package.mkdir(parents=True)
    for path in (ROOT / "dlguide").glob("*.py"):
        (package / path.name).write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "dlguide.pictures", "train", str(shapes)]
    done = subprocess.run(
        [*command, "--epochs", "1", "--size", "16"],
        cwd=package.parent,
        env={"PATH": "", "CI": "1", "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert (package.parent / "model.json").exists()
