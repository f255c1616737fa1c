# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one framework of the modules that talk to MAAS. PRIVATE to this collection.

A resource is data: its options, where it lives, how one of its kind is found. Whether that means to create, change,
delete or do nothing, check mode, the difference and `changed` are decided here, for all of them.
"""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.metal.maas_ha.plugins.module_utils._client import (
    CONSTRAINTS,
    Client,
    MaasError,
    argument_spec,
)

STATE = {"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}}


class Missing(MaasError):
    """What a task refers to is not there; in check mode an earlier task may be about to create it."""


class Option:
    """A field of a resource, as a task spells it and as MAAS does.

    spec: what AnsibleModule takes. field: MAAS's name for it, where that differs.
    write_only: MAAS never shows it, so it is sent along and never compared.
    check(value): says what is wrong with a value, or None.
    shows(record): the value in MAAS's record. means(site, task, record): the task's in the same terms.
    sends(value): such a value as MAAS's form reads it.
    """

    def __init__(
        self, type="str", field=None, write_only=False, check=None, shows=None, means=None, sends=None, **spec
    ):
        self.spec = {"type": type, **spec}
        self.field = field
        self.write_only = write_only
        self.check = check
        self.shows = shows
        self.means = means
        self.sends = sends

    def shown(self, name, record):
        """Return the value in MAAS's record; MAAS's null is an empty text or list."""
        value = self.shows(record) if self.shows else record.get(self.field or name)
        return {"str": "", "list": []}.get(self.spec["type"]) if value is None else value


class Resource:
    """A kind of object in MAAS.

    noun: its name, under which a module returns it. options: its fields. find(site, task): its record in MAAS or None.
    collection(site, task): the path to create it under. item(record): the path of one.
    Overridden where MAAS wants more than one request: create(site, task, fields), update(site, record, changes).
    foretold(before, changes): in check mode, the fields after a change, where MAAS changes more than it is told.
    remove(site, record, query): how it is deleted, where that takes more than one request.
    guard(site, task, found, fields): raises MaasError for what must not be done, before anything is written.
    removal: further options, which go into the query of a deletion.
    rules: what else AnsibleModule takes, such as `required_together`.
    """

    def __init__(
        self,
        noun,
        options,
        find,
        item,
        collection=None,
        create=None,
        update=None,
        foretold=None,
        remove=None,
        guard=None,
        removal=None,
        rules=None,
    ):
        self.noun = noun
        self.options = options
        self.find = find
        self.item = item
        self.collection = collection
        self.create = create or self.post
        self.update = update or self.put
        self.foretold = foretold or (lambda before, changes: {**before, **changes})
        self.remove = remove or self.delete
        self.guard = guard or (lambda site, task, found, fields: None)
        self.removal = removal or {}
        self.rules = rules or {}

    def argument_spec(self):
        """Return the options of the module."""
        return {**{name: option.spec for name, option in self.options.items()}, **self.removal, **STATE}

    def check(self, task):
        """Refuse values that are wrong whatever MAAS holds, all in one sentence."""
        problems = []
        for name, option in self.options.items():
            if option.spec.get("required") and task[name] == "":
                problems.append(f"{name}: is empty")
            elif option.check and task[name] is not None:
                found = map(option.check, task[name] if isinstance(task[name], list) else [task[name]])
                problems += [f"{name}: {problem}" for problem in found if problem]
        if problems:
            raise MaasError("; ".join(problems))

    def show(self, record):
        """Return the fields of MAAS's record that a task could compare with."""
        return {name: o.shown(name, record) for name, o in self.options.items() if not o.write_only}

    def taken(self, record, wanted):
        """Return `show`; raise MaasError when MAAS agreed to a change and then shows something else."""
        shown = self.show(record)
        lost = [name for name, value in wanted.items() if shown[name] != value]
        if lost:
            told = "; ".join(f"{name}: MAAS shows {shown[name]!r}, not {wanted[name]!r}" for name in lost)
            raise MaasError(f"{told}, though it agreed")
        return shown

    def wanted(self, site, task, record):
        """Return the fields that a task mentions, in the terms of `show`; MAAS strips texts."""
        fields = {}
        for name, option in self.options.items():
            value = task[name]
            if value is None:
                continue
            if option.means:
                value = option.means(site, task, record)
            elif isinstance(value, str) and not option.write_only:
                value = value.strip()
            fields[name] = value
        return fields

    def form(self, fields):
        """Return fields as MAAS's form reads them."""
        form = {}
        for name, value in fields.items():
            option = self.options[name]
            form[option.field or name] = option.sends(value) if option.sends else value
        return form

    def post(self, site, task, fields):
        """Create in one request."""
        path = self.collection(site, task)
        try:
            return site.client.post(path, self.form(fields))
        except MaasError as error:
            if not error.unsure:
                raise
        # The answer was lost. Only MAAS knows whether the object is there.
        return self.find(Site(site.client), task) or site.client.post(path, self.form(fields))

    def put(self, site, record, changes):
        """Change in one request."""
        return site.client.put(self.item(record), self.form(changes))

    def delete(self, site, record, query):
        """Delete in one request."""
        site.client.delete(self.item(record), **query)


class Site:
    """What a module has read of MAAS so far; nothing is read twice."""

    def __init__(self, client):
        self.client = client
        self._read = {}

    def get(self, path, **query):
        """Read, or return what was read before."""
        return self._once(self.client.get, path, query)

    def find(self, path, **query):
        """Read what may not be there, or return what was read before."""
        return self._once(self.client.find, path, query)

    def _once(self, read, path, query):
        key = (path, *sorted(query.items()))
        if key not in self._read:
            self._read[key] = read(path, **query)
        return self._read[key]


def ensure(resource, site, task, check_mode):
    """Bring one object into the state that a task describes; return (changed, fields before, fields after, record)."""
    resource.check(task)
    found = resource.find(site, task)
    before = resource.show(found) if found else {}
    if task["state"] == "absent":
        if not found:
            return False, {}, {}, None
        resource.guard(site, task, found, {})
        if not check_mode:
            resource.remove(site, found, {name: task[name] for name in resource.removal if task[name]})
        return True, before, {}, found
    fields = resource.wanted(site, task, found)
    resource.guard(site, task, found, fields)
    seen = {name: value for name, value in fields.items() if not resource.options[name].write_only}
    if not found:
        if check_mode:
            return True, {}, seen, seen
        record = resource.create(site, task, fields)
        return True, {}, resource.taken(record, seen), record
    changes = {name: value for name, value in seen.items() if before[name] != value}
    if not changes:
        return False, before, before, found
    if check_mode:
        after = resource.foretold(before, changes)
        return True, before, after, {**found, **{name: after[name] for name in after if after[name] != before[name]}}
    unseen = {name: value for name, value in fields.items() if name not in seen}
    record = resource.update(site, found, {**changes, **unseen})
    return True, before, resource.taken(record, seen), record


def run(resource):
    """Be the module of a resource."""

    def work(site, module):
        absent = module.params["state"] == "absent"
        try:
            changed, before, after, record = ensure(resource, site, module.params, module.check_mode)
        except Missing as error:
            if not (absent or module.check_mode):
                raise
            if not absent:
                module.warn(f"{error}; taken to come into being before this is done")
            changed, before, after, record = not absent, {}, {}, None
        return {"changed": changed, "diff": {"before": before, "after": after}, resource.noun: record}

    run_work(resource.argument_spec(), work, resource.rules)


def run_info(noun, options, read, rules=None):
    """Be a module that reads. read(site, task): what it returns, under the noun."""
    run_work(options, lambda site, module: {"changed": False, noun: read(site, module.params)}, rules)


def run_work(options, work, rules=None):
    """Be a module. work(site, module): what it returns; a MaasError is its failure."""
    rules = {**CONSTRAINTS, **(rules or {})}
    module = AnsibleModule({**argument_spec(), **options}, supports_check_mode=True, **rules)
    site = Site(Client.from_module(module))
    try:
        result = work(site, module)
    except MaasError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)
