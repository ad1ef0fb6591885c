#!/usr/bin/python
# Copyright: the rulesguard authors. Licensed under Apache-2.0.

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: rulesguard_info
short_description: Say how rulesguard is installed, and what of it is in place
description:
  - Reads, and changes nothing. M(rulesguard.firewall.rulesguard_check) says whether Docker's rules are whole.
author:
  - The rulesguard maintainers (@rulesguard)
attributes:
  check_mode:
    support: full
    description: It only reads.
  diff_mode:
    support: none
    description: There is nothing to show.
"""

EXAMPLES = r"""
- name: See what is there
  rulesguard.firewall.rulesguard_info:
  register: rulesguard
"""

RETURN = r"""
installed:
  description: Each way in which it is installed, with kind (deb, rpm, file, npm) and version.
  returned: always
  type: list
  elements: dict
  sample: [{kind: deb, version: 0.1.0-1}]
hooks:
  description: Targets whose hook is in place, at least in part.
  returned: always
  type: list
  elements: str
watch_enabled:
  description: Whether watch is started at boot.
  returned: always
  type: bool
pending:
  description: Firewall changes that wait to be confirmed, or whose rollback failed.
  returned: always
  type: list
  elements: str
changes:
  description:
    - Every firewall change that was to be confirmed and of which the host still has a record, the oldest first, with id and state
      (waiting, rolling-back, failed, rolled-back, rebooted, confirmed).
  returned: always
  type: list
  elements: dict
  sample: [{id: 000001-20260101T000000Z, state: confirmed}]
"""

import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rulesguard.firewall.plugins.module_utils.program import document, run

# What a package manager is asked; it prints the version, and whether that is installed.
PACKAGED = (
    ("deb", ["dpkg-query", "--show", "--showformat=${Version} ${db:Status-Status}", "rulesguard"]),
    ("rpm", ["rpm", "--query", "--queryformat", "%{VERSION}-%{RELEASE} installed", "rulesguard"]),
)

# Where npm and people put a program; a package brings the second.
PLACES = ("/usr/local/bin/rulesguard", "/usr/bin/rulesguard")


def packaged(module):
    found = []
    for kind, words in PACKAGED:
        if module.get_bin_path(words[0]) is None:
            continue
        code, out, err = run(module, words)
        version = re.match(r"(\S+) installed$", out)
        if code == 0 and version:
            found.append(dict(kind=kind, version=version.group(1)))
    return found


def installed(module):
    found = packaged(module)
    for path in PLACES[:1] if found else PLACES:
        if os.path.lexists(path):
            version = run(module, [path, "--version"])[1].strip() if os.path.exists(path) else ""
            found.append(dict(kind="npm" if os.path.islink(path) else "file", version=version, path=path))
    return found


def hooks(module):
    program = module.get_bin_path("rulesguard", opt_dirs=["/usr/local/bin"])
    if program is None:
        return []
    status = document(run(module, [program, "hook", "status", "--json"])[1]) or {}
    return [one["target"] for one in status.get("targets", []) if one["hook"] != "absent"]


def watch_enabled(module):
    systemctl = module.get_bin_path("systemctl")
    return systemctl is not None and run(module, [systemctl, "is-enabled", "rulesguard-watch.service"])[0] == 0


# What the name of a change's file ends with, from the first state to the last: "json" is one that waits.
ENDINGS = ("json", "rolling-back", "failed", "rolled-back", "rebooted", "confirmed")


def changes():
    """Every change that the host still has a record of, the oldest first."""
    try:
        names = os.listdir("/var/lib/rulesguard/pending")
    except OSError:
        return []
    found = {}
    for name in names:
        parts = re.match(r"([0-9]+-[0-9TZ]+)\.([a-z-]+)$", name)
        if parts and parts.group(2) in ENDINGS:
            rank = ENDINGS.index(parts.group(2))
            found[parts.group(1)] = max(rank, found.get(parts.group(1), 0))
    return [
        dict(id=id, state="waiting" if rank == 0 else ENDINGS[rank])
        for id, rank in sorted(found.items(), key=lambda one: int(one[0].split("-")[0]))
    ]


def main():
    module = AnsibleModule(argument_spec=dict(), supports_check_mode=True)
    known = changes()
    module.exit_json(
        changed=False,
        installed=installed(module),
        hooks=hooks(module),
        watch_enabled=watch_enabled(module),
        changes=known,
        pending=[one["id"] for one in known if one["state"] in ("waiting", "rolling-back", "failed")],
    )


if __name__ == "__main__":
    main()
