#!/usr/bin/python
# Copyright: the rulesguard authors. Licensed under Apache-2.0.

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: rulesguard_check
short_description: Say whether the firewall rules that Docker owns are intact
description:
  - Runs C(rulesguard check) and returns what it found as facts.
  - Fails where the host is not intact, unless told otherwise.
  - With C(repair=true) it brings back Docker's rules that are lost, and nobody else's.
options:
  repair:
    description:
      - Run C(rulesguard restore) where rules of Docker's are lost.
      - In check mode nothing is written. In diff mode the rules that are brought back are shown.
    type: bool
    default: false
  fail_on:
    description:
      - States that make the module fail, of the host as it is afterwards.
      - C(damaged) means that rules of Docker's are lost; C(overridden) that something decides before them; C(unknown) that
        what packets do could not be told; C(unsettled) that a change which nobody confirmed is overdue and not rolled back.
    type: list
    elements: str
    choices: [damaged, overridden, unknown, unsettled]
    default: [damaged, overridden, unknown, unsettled]
  source:
    description: What rules are compared with; rulesguard decides where this is not set.
    type: str
    choices: [baseline, engine, both]
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
    description: Shows the rules that a repair brings back.
"""

EXAMPLES = r"""
- name: Docker's rules are whole before anything is deployed
  rulesguard.firewall.rulesguard_check:

- name: Repair what was lost
  rulesguard.firewall.rulesguard_check:
    repair: true

- name: Only look, and go on
  rulesguard.firewall.rulesguard_check:
    fail_on: []
"""

RETURN = r"""
state:
  description: The verdict, as C(rulesguard check --json) gives it.
  returned: always
  type: str
  sample: intact
report:
  description: The whole document of C(rulesguard check --json). Empty where there was none.
  returned: always
  type: dict
fault:
  description: Why the host could not be checked.
  returned: when it could not
  type: str
ansible_facts:
  description: What was found, for later tasks and reports.
  returned: always
  type: dict
  contains:
    rulesguard:
      description: State, version, Docker's firewall backend, figures, effects and the baseline.
      type: dict
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rulesguard.firewall.plugins.module_utils.program import (
    EXECUTABLE,
    document,
    find_program,
    run,
    words_of,
)

# The exit codes of check that come with a document: intact, damaged or overridden, cannot tell.
JUDGED = (0, 1, 3)


def look(module, program):
    """What check says now: its document (empty where there is none) and why there is none."""
    words = [program, "check", "--json"]
    if module.params["source"]:
        words += ["--source", module.params["source"]]
    code, out, err = run(module, words)
    report = document(out)
    if code in JUDGED and report is not None and "state" in report:
        return report, None
    if code == 3:
        return {}, words_of(err)
    module.fail_json(msg="rulesguard check ended with %d: %s" % (code, words_of(err)), rc=code)


def states_of(report):
    """The states a host is in, of those that fail_on names; none where all is well."""
    state = report.get("state", "unknown")
    states = [] if state == "intact" else [state]
    return states + (["unsettled"] if "unsettled" in report else [])


def preview(module, program):
    """What a restore would do: whether anything, and in words."""
    code, out, err = run(module, [program, "restore", "--print"])
    if code != 0:
        module.fail_json(msg="rulesguard restore --print ended with %d: %s" % (code, words_of(err)), rc=code)
    shown = run(module, [program, "restore", "--dry-run"])[1] if module._diff else ""
    return out.strip() != "", shown


def repaired(module, program, result):
    """Repairs, or in check mode says what that would do. Returns whether the host is to be looked at again."""
    if module.check_mode or module._diff:
        would, shown = preview(module, program)
        result["diff"] = dict(prepared=shown)
        if module.check_mode:
            result["changed"] = would
            return False
    code, out, err = run(module, [program, "restore"])
    if code not in (0, 1):
        module.fail_json(msg="rulesguard restore ended with %d: %s" % (code, words_of(err)), rc=code)
    result["changed"] = "REPAIRED" in out.replace("NOT REPAIRED", "")
    result["repair"] = out
    return True


def facts_of(report, version, fault):
    engine = report.get("engine") or {}
    baseline = report.get("baseline") or {}
    return dict(
        version=version,
        state=report.get("state", "unknown"),
        fault=fault,
        unsettled=report.get("unsettled"),
        firewall_backend=report.get("firewallBackend"),
        variant=report.get("variant"),
        engine=engine.get("version"),
        baseline=baseline.get("id"),
        baseline_created=baseline.get("created"),
        summary=report.get("summary", {}),
        effects=[
            dict((key, effect.get(key)) for key in ("id", "effect", "cause", "headline", "names"))
            for effect in report.get("effects", [])
        ],
    )


def sentence(report, fault):
    """The host in one line, for a failure."""
    if fault:
        return "Cannot tell: %s" % fault
    told = ["%s: %s" % (effect["effect"], effect["headline"]) for effect in report.get("effects", [])[:5]]
    verdict = "%s. %s" % (report["state"].upper(), "; ".join(told))
    return "%s (%s)" % (report["unsettled"], verdict) if "unsettled" in report else verdict


def main():
    module = AnsibleModule(
        argument_spec=dict(
            repair=dict(type="bool", default=False),
            fail_on=dict(
                type="list",
                elements="str",
                choices=["damaged", "overridden", "unknown", "unsettled"],
                default=["damaged", "overridden", "unknown", "unsettled"],
            ),
            source=dict(type="str", choices=["baseline", "engine", "both"]),
            executable=EXECUTABLE,
        ),
        supports_check_mode=True,
    )
    program = find_program(module)
    result = dict(changed=False)
    report, fault = look(module, program)
    if module.params["repair"] and report.get("state") == "damaged" and repaired(module, program, result):
        report, fault = look(module, program)
    version = run(module, [program, "--version"])[1].strip()
    facts = facts_of(report, version, fault)
    result.update(state=facts["state"], report=report, ansible_facts=dict(rulesguard=facts))
    if fault:
        result["fault"] = fault
    # What a repair would bring back is no failure of a run that writes nothing.
    mended = {"damaged"} if module.check_mode and result["changed"] else set()
    if (set(states_of(report)) - mended) & set(module.params["fail_on"]):
        module.fail_json(msg=sentence(report, fault), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
