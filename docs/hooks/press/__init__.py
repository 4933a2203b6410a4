"""The press: run a page, cache the run, keep the ledger, hand the result to a site.

Nothing in here knows MkDocs; `docs/hooks/mkdocs_press.py` is the thin adapter.
Nothing in here imports the package that the pages teach; it runs pages that do.

    blocks.py     text of a page      -> prose and code blocks
    worker.py     code blocks         -> outputs, in a process of its own
    device.py     the same code       -> with its tensors really on the GPU
    run.py        pages               -> runs, cached, in parallel, within a time limit
    package.py    code of a page      -> the modules it leans on, and their hash
    docstrings.py docstring examples  -> runs, by pytest
    examples.py   docstring examples  -> code that runs when copied, proven
    outputs.py    two printed outputs -> same or not, numerically
    render.py     page and run        -> Markdown with outputs
    names.py      code of pages       -> the public names in it, and who uses which
    runnable.py   copies of a page    -> data of its second copy button
    downloads.py  page and run        -> .ipynb and .py that run
    evidence.py   runs elsewhere      -> files in the repository, and back
    drift.py      runs and kept text  -> what a page prints that it did not print before
    snippets.py   pages and runs      -> data and Markdown for programs
    topics.py     table of terms      -> the A–Z page
    glossary.py   table of terms      -> the glossary, and tooltips at first use
    search_index.py  search index     -> with the words that learners use
    ledger.py     runs and evidence   -> one outcome for each block and environment
"""
