#!/usr/bin/python
# Copyright: the rulesguard authors. Licensed under Apache-2.0.

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: rulesguard_hook
short_description: Put rulesguard around a firewall manager
description:
  - Runs C(rulesguard hook install) or C(rulesguard hook remove), unless the host is so already.
options:
  name:
    description: The firewall manager, as C(rulesguard hook list) names it.
    type: str
    required: true
  state:
    description: Whether the hook is to be there.
    type: str
    choices: [present, absent]
    default: present
  force:
    description: Write it even where the firewall manager is not installed.
    type: bool
    default: false
  veto_flush_all:
    description: Of ufw, refuse C(ufw-init flush-all). A hook that is there stays as it is in this, unless it is said.
    type: bool
  executable:
    description: The program, by its path or as it is found in PATH.
    type: str
    default: rulesguard
author:
  - The rulesguard maintainers (@rulesguard)
attributes:
  check_mode:
    support: full
    description: Nothing is written; whether it would be is reported.
  diff_mode:
    support: full
    description: Shows every line that is written or taken out.
"""

EXAMPLES = r"""
- name: Repair Docker's rules after each change of ufw
  rulesguard.firewall.rulesguard_hook:
    name: ufw
"""

RETURN = r"""
said:
  description: What rulesguard said.
  returned: always
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rulesguard.firewall.plugins.module_utils.program import (
    EXECUTABLE,
    find_program,
    run,
    words_of,
)


def vetoes(params):
    """Whether the hook is to refuse flush-all: as asked, else as it does now."""
    if params["veto_flush_all"] is not None or params["name"] != "ufw":
        return params["veto_flush_all"]
    try:
        with open("/etc/ufw/before.init", "rb") as hook:
            return b"rulesguard: not done: flush-all" in hook.read()
    except OSError:
        return False


def main():
    module = AnsibleModule(
        argument_spec=dict(
            name=dict(type="str", required=True),
            state=dict(type="str", choices=["present", "absent"], default="present"),
            force=dict(type="bool", default=False),
            veto_flush_all=dict(type="bool"),
            executable=EXECUTABLE,
        ),
        supports_check_mode=True,
    )
    program = find_program(module)
    params = module.params
    words = [program, "hook", "install" if params["state"] == "present" else "remove", params["name"]]
    if params["state"] == "present":
        words += ["--force"] if params["force"] else []
        words += ["--veto-flush-all"] if vetoes(params) else []

    def asked(more):
        code, out, err = run(module, words + more)
        if code != 0:
            module.fail_json(msg=words_of(err), rc=code)
        return out

    shown = asked(["--dry-run"])
    changed = not shown.startswith("Nothing to do")
    said = asked([]) if changed and not module.check_mode else shown
    module.exit_json(changed=changed, said=said, diff=dict(prepared=shown if changed else ""))


if __name__ == "__main__":
    main()
