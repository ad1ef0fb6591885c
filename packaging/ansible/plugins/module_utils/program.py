# Copyright: the rulesguard authors. Licensed under Apache-2.0.
"""How the modules of this collection run rulesguard, and what they make of its answers."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os

# sudo and cron give a module less than a shell has.
FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

EXECUTABLE = dict(type="str", default="rulesguard")


def find_program(module):
    """The path of rulesguard.

    Where it is not there the module ends: in check mode as changed, because a play that installs it has not done so then.
    """
    name = module.params["executable"]
    path = name if os.path.isabs(name) else module.get_bin_path(name, opt_dirs=FOLDERS)
    if path is not None and os.access(path, os.X_OK):
        return path
    missing = "%s is not installed on this host" % name
    if module.check_mode:
        module.exit_json(changed=True, skipped=True, msg="%s; what it would say is not known in check mode" % missing)
    module.fail_json(msg="%s: include the role rulesguard.firewall.install first" % missing)


def run(module, words):
    """Runs rulesguard. Returns its exit code and all it said, without colour."""
    environment = dict(NO_COLOR="1", LC_ALL="C.UTF-8", PATH=os.pathsep.join([os.environ.get("PATH", "")] + FOLDERS))
    return module.run_command(words, environ_update=environment)


def document(text):
    """The JSON document that a command printed; None where it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def words_of(text):
    """What a command said, in one line: of a fault the first line says what happened."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines)[:2000] or "it said nothing"
