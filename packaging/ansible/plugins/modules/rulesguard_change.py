#!/usr/bin/python
# Copyright: the rulesguard authors. Licensed under Apache-2.0.

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: rulesguard_change
short_description: Make a firewall change that is rolled back unless it is confirmed
description:
  - Runs C(rulesguard run --confirm) so that it outlives this task and the connection.
  - The role C(rulesguard.firewall.change) makes the change, connects anew and confirms it. Use this module alone for
    another order of steps.
  - A change that nobody confirms, because the connection is lost or the play ends, is rolled back by the host itself.
options:
  state:
    description:
      - C(made) makes the change and returns when the command has ended; it then waits to be confirmed.
      - C(confirmed) keeps it, C(rolled_back) takes it back at once.
    type: str
    choices: [made, confirmed, rolled_back]
    default: made
  command:
    description: The command and its arguments. There is no shell, unless the command is one.
    type: list
    elements: str
  mode:
    description:
      - C(refuse) does not make a change that would break what Docker promises, or that cannot be predicted.
      - C(repair) makes it and repairs what it broke of Docker's rules; C(report) makes it and says what it broke.
    type: str
    choices: [refuse, repair, report]
    default: refuse
  seconds:
    description: Time to confirm, counted from the end of the command.
    type: int
    default: 120
  id:
    description: The change to confirm or to roll back, as C(state=made) returned it.
    type: str
  executable:
    description: The program, by its path or as it is found in PATH.
    type: str
    default: rulesguard
author:
  - The rulesguard maintainers (@rulesguard)
attributes:
  check_mode:
    support: full
    description: The change is judged as C(rulesguard run --dry-run) does, and not made.
  diff_mode:
    support: full
    description: Shows what the change does to packets and to Docker's rules.
"""

EXAMPLES = r"""
- name: Load the firewall, for two minutes at first
  rulesguard.firewall.rulesguard_change:
    command: [nft, -f, /etc/nftables.conf]
    mode: repair
  register: firewall

- name: Keep it
  rulesguard.firewall.rulesguard_change:
    state: confirmed
    id: "{{ firewall.id }}"
"""

RETURN = r"""
id:
  description: The change that waits, for C(state=confirmed).
  returned: when state is made and the change was made
  type: str
  sample: 000001-20260101T000000Z
verdict:
  description: What C(rulesguard run --dry-run) says of it.
  returned: in check mode
  type: str
  sample: safe
stdout:
  description: What the command itself said.
  returned: always
  type: str
stderr:
  description: What rulesguard said of it.
  returned: always
  type: str
"""

import os
import re
import subprocess
import tempfile
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rulesguard.firewall.plugins.module_utils.program import (
    EXECUTABLE,
    FOLDERS,
    document,
    find_program,
    run,
    words_of,
)

WAITS = re.compile(r"rulesguard confirm ([0-9]+-[0-9TZ]+)")

# Beside the command itself: a rehearsal, two looks at the host, a repair. Seconds.
PATIENCE = 300


def whole(held):
    """What a file that another process writes holds by now; its place in it stays."""
    return os.pread(held.fileno(), os.fstat(held.fileno()).st_size, 0).decode("utf-8", "replace")


def make(module, program):
    """Makes the change. What was started lives on in a session of its own, and writes to files that have no name."""
    params = module.params
    words = [program, "run", "--mode", params["mode"], "--confirm", str(params["seconds"]), "--"] + params["command"]
    environment = dict(os.environ, NO_COLOR="1", PATH=os.pathsep.join([os.environ.get("PATH", "")] + FOLDERS))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(os.devnull) as nothing:
        child = subprocess.Popen(
            words, stdin=nothing, stdout=out, stderr=err, cwd="/", env=environment, start_new_session=True
        )
        until = time.time() + params["seconds"] + PATIENCE
        while True:
            ended = child.poll()
            waits = WAITS.search(whole(err))
            said = dict(stdout=whole(out), stderr=whole(err), cmd=words)
            if ended is not None:
                module.fail_json(
                    msg="the change is not in force (exit %d): %s" % (ended, words_of(said["stderr"])), rc=ended, **said
                )
            if waits:
                module.exit_json(changed=True, id=waits.group(1), **said)
            if time.time() > until:
                module.fail_json(
                    msg="the command has not ended; what it did is rolled back, as nobody confirms it", **said
                )
            time.sleep(0.1)


def judge(module, program):
    """What the change would do, for check mode; one that would be refused fails as it would then."""
    params = module.params
    words = [program, "run", "--mode", params["mode"], "--dry-run"]
    code, out, err = run(module, words + ["--json", "--"] + params["command"])
    forecast = document(out)
    if forecast is None:
        module.fail_json(msg="it cannot be judged (exit %d): %s" % (code, words_of(err)), rc=code, stdout=out, stderr=err)
    shown = run(module, words + ["--"] + params["command"])[1] if module._diff else ""
    said = dict(verdict=forecast["verdict"], forecast=forecast, stdout="", stderr=err, diff=dict(prepared=shown))
    if params["mode"] == "refuse" and forecast["verdict"] != "safe":
        module.fail_json(msg="it would be refused: %s" % forecast["verdict"], rc=code, **said)
    module.exit_json(changed=True, **said)


def settle(module, program, verb):
    if module.check_mode:
        module.exit_json(changed=True, stdout="", stderr="")
    code, out, err = run(module, [program, verb, module.params["id"]])
    if code != 0:
        module.fail_json(msg=words_of(err or out), rc=code, stdout=out, stderr=err)
    module.exit_json(changed=not out.startswith("Nothing to roll back"), stdout=out, stderr=err)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str", choices=["made", "confirmed", "rolled_back"], default="made"),
            command=dict(type="list", elements="str"),
            mode=dict(type="str", choices=["refuse", "repair", "report"], default="refuse"),
            seconds=dict(type="int", default=120),
            id=dict(type="str"),
            executable=EXECUTABLE,
        ),
        required_if=[("state", "made", ["command"])],
        supports_check_mode=True,
    )
    params = module.params
    if params["state"] != "made" and not module.check_mode and not params["id"]:
        module.fail_json(msg="id says which change is meant")
    if params["state"] == "made" and params["seconds"] < 1:
        module.fail_json(msg="seconds: 1 or more")
    program = find_program(module)
    if params["state"] == "confirmed":
        settle(module, program, "confirm")
    elif params["state"] == "rolled_back":
        settle(module, program, "rollback")
    elif module.check_mode:
        judge(module, program)
    else:
        make(module, program)


if __name__ == "__main__":
    main()
