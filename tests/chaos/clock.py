"""A clock that servers and PostgreSQL go by, and that is set under them."""

import os
import shutil
from pathlib import Path

import cluster
import libfaketime


class Clock:
    """Whatever is started with its ``environment`` goes by it. Only the time of day is
    set, as on a machine: what measures how long something takes goes on."""

    def __init__(self):
        # Where the user postgres can read them.
        self.file = cluster.folder() / "clock"
        library = Path(libfaketime.__file__).parent / "vendor/libfaketime/src"
        copied = self.file.with_name("libfaketime.so")
        new = shutil.copy(library / "libfaketime.so.1", copied.with_suffix(".new"))
        # What was started before has it loaded, and breaks when that changes.
        os.replace(new, copied)
        self.environment = {
            "LD_PRELOAD": str(copied),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            # Seconds after which each process looks at it again.
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        self.set(0)

    def set(self, hours):
        """So many ahead of the right time; less than 0: behind it. It is seen within
        two seconds."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{hours:+}h\n")
        # Nobody reads half of it.
        os.replace(new, self.file)
