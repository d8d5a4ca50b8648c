"""Evaluates flat configuration files with Kconfiglib.

Reads a JSON list of {"dir", "configs"} from stdin and writes for each a list
of the files that Kconfiglib writes for the configs, or its error as a string.
"""
import json
import os
import sys
import tempfile

import kconfiglib


def evaluate(job):
    os.chdir(job["dir"])
    tree = kconfiglib.Kconfig("Kconfig", warn=False)
    written = []
    with tempfile.NamedTemporaryFile(mode="r") as out:
        for config in job["configs"]:
            tree.load_config(config)
            tree.write_config(out.name, header="", save_old=False)
            with open(out.name) as lines:
                written.append(lines.read())
    return written


results = []
for job in json.load(sys.stdin):
    try:
        results.append(evaluate(job))
    except Exception as error:
        results.append(str(error))
json.dump(results, sys.stdout)
