"""The copy for a disk: links name files, search comes as scripts, always the same."""

import json
import os
import zipfile

import pytest

from press import offline

SITE_URL = "https://example.org/guide/"
HOME = """\
<a href="lessons/tensors/">Tensors</a> <a href="#end">End</a>
<a href="lessons/tensors/#shape">Shape</a> <a href="https://example.org/a/">Out</a>
<a href="mailto:a@example.org">Mail</a> <a download href="dlguide-offline.zip">Zip</a>
<link rel="canonical" href="https://example.org/guide/"><link href="assets/a.css">
<script id="__config">{"base": ".", "search": "assets/javascripts/workers/search.1.js"}
</script><script src="assets/javascripts/bundle.1.min.js"></script>
"""
LESSON = """\
<a href="../..">Home</a> <a href="../../?q=1#end">Home</a> <a href="./">Here</a>
<a class="next" href="../workflow/">Next</a> <code>a href="../no/link/"</code>
<script src="../../assets/javascripts/bundle.1.min.js"></script>
"""
WORKER = 'say("</script>")\n//# sourceMappingURL=search.1.js.map'


@pytest.fixture
def site(tmp_path):
    files = {
        "index.html": HOME,
        "lessons/tensors/index.html": LESSON,
        "404.html": "lost",
        "sitemap.xml": "map",
        "assets/javascripts/workers/search.1.js": WORKER,
        "search/search_index.json": '{"docs": []}',
        "assets/a.css": "a { }",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def packed(site):
    with zipfile.ZipFile(offline.pack(site, SITE_URL)) as archive:
        yield {
            e.filename.removeprefix("dlguide/"): archive.read(e)
            for e in archive.filelist
        }


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("lessons/tensors/", "lessons/tensors/index.html"),
        ("lessons/tensors/#shape", "lessons/tensors/index.html#shape"),
        ("../..", "../../index.html"),
        ("../../?q=1#end", "../../index.html?q=1#end"),
        (".", "./index.html"),
        ("./", "./index.html"),
        ("assets/a.css", "assets/a.css"),
        ("../../dlguide-offline.zip", SITE_URL + "dlguide-offline.zip"),
        ("", ""),
    ],
)
def test_an_address_names_the_file(address, expected):
    assert offline.on_disk(address, SITE_URL) == expected


def test_pages_link_to_files_and_other_addresses_stay(packed):
    home, lesson = (
        packed["index.html"].decode(),
        packed["lessons/tensors/index.html"].decode(),
    )
    for kept in (
        'href="#end"',
        'href="https://example.org/a/"',
        'href="mailto:',
        'href="assets/a.css"',
    ):
        assert kept in home
    assert 'href="lessons/tensors/index.html#shape"' in home
    assert f'href="{SITE_URL}dlguide-offline.zip"' in home
    assert '<code>a href="../no/link/"</code>' in lesson
    assert 'class="next" href="../workflow/index.html"' in lesson


def test_search_comes_before_the_theme_and_from_no_file_that_is_read(packed):
    lesson = packed["lessons/tensors/index.html"].decode()
    script = (
        '<script src="../../assets/offline.js"></script><script src="../../assets/java'
    )
    assert script in lesson
    shim = packed["assets/offline.js"].decode()
    assert json.dumps('say("</script>")\n') in shim
    assert packed["search/search_index.js"] == b'var __index = {"docs": []}'


def test_what_a_disk_has_no_use_for_is_left_out(packed):
    assert not {"404.html", "sitemap.xml", offline.NAME} & set(packed)


def test_a_site_without_a_search_worker_is_refused(site):
    (site / "index.html").write_text("<p>no search</p>")
    with pytest.raises(ValueError, match=r"index\.html names no worker"):
        offline.pack(site, SITE_URL)


def test_the_copy_is_the_same_whatever_the_day_and_the_rights(site):
    first = offline.pack(site, SITE_URL).read_bytes()
    for path in site.rglob("*.html"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert offline.pack(site, SITE_URL).read_bytes() == first
