"""The README shows the pictures that the job takes, small enough to load."""

import io
import re

from PIL import Image

from press import screenshots
from press.blocks import ROOT


def test_the_readme_shows_each_picture_that_is_taken_and_no_other():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]{30,}\]\(docs/screenshots/(\w+)\.png\)", text)
    assert sorted(shown) == sorted(screenshots.VIEWS)
    assert text.count(".png)") == len(shown)
    for name in shown:
        with Image.open(screenshots.FOLDER / f"{name}.png") as picture:
            assert picture.size == (screenshots.WIDTH, screenshots.HEIGHT)


def test_a_picture_is_shrunk_and_keeps_its_size():
    noise = Image.effect_noise((200, 100), 80).convert("RGB")
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    small = screenshots.shrunk(buffer.getvalue())
    assert Image.open(io.BytesIO(small)).size == (200, 100)
    assert len(small) < 0.7 * len(buffer.getvalue())
