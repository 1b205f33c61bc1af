import shutil

import pytest
from workspace import ROOT, STATE

from tests.support.commands import run


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """What git has of this checkout, and what is not committed yet, with its
    environments."""
    folder = tmp_path_factory.mktemp("copy")
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard")
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    run("git", "init", "--quiet", folder)
    (folder / ".local").symlink_to(STATE)
    return folder
