#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: outage
short_description: Measure how long a service is away
version_added: 1.0.0
description:
  - Asks a URL ten times a second as long as a file is there, and returns the longest time from one good answer to the
    next.
  - Run it with C(async) and C(poll=0), do something to the service, remove the file, and read the result with
    C(async_status).
options:
  url:
    description: What to ask with GET. An answer is good with status 200 within two seconds.
    type: str
    required: true
  file:
    description: Absolute path of the file whose end is the end of the questions.
    type: path
    required: true
  seconds:
    description: For how many seconds to ask at most.
    type: int
    default: 600
  validate_certs:
    description: Whether the certificate of an HTTPS service must be valid.
    type: bool
    default: false
attributes:
  check_mode:
    description: Only asks, as always.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
  idempotent:
    description: It changes nothing.
    support: full
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Ask in the background, as long as the file is there
  metal.maas_ha.outage:
    url: http://192.0.2.5:5240/MAAS/api/2.0/version/
    file: /run/ask
  async: 700
  poll: 0
  register: job

- name: Ask no longer
  ansible.builtin.file:
    path: /run/ask
    state: absent

- name: Read how long it was away
  ansible.builtin.async_status:
    jid: "{{ job.ansible_job_id }}"
  register: seen
  until: seen.finished
  retries: 30
  delay: 1
"""

RETURN = r"""
longest:
  description: Seconds from the last good answer before the longest outage to the first after it; 0 when all were good.
  returned: success
  type: float
  sample: 2.4
questions:
  description: How often it asked.
  returned: success
  type: int
  sample: 280
failed_questions:
  description: How many questions were not answered well.
  returned: success
  type: int
  sample: 21
"""

import http.client
import os
import ssl
import time
from functools import partial
from urllib.parse import urlsplit, urlunsplit

from ansible.module_utils.basic import AnsibleModule

INTERVAL = 0.1  # seconds between two questions
PATIENCE = 2.0  # seconds after which a question counts as not answered


def question(url, validate_certs):
    """Return a function that tells whether a GET of the URL comes back with status 200 in time.

    Not with open_url, which builds all that it might need anew for each question.
    """
    parts = urlsplit(url)
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    connect = partial(http.client.HTTPConnection, parts.hostname, parts.port, timeout=PATIENCE)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        if not validate_certs:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        connect = partial(http.client.HTTPSConnection, parts.hostname, parts.port, timeout=PATIENCE, context=context)

    def ask():
        connection = connect()
        try:
            connection.request("GET", target)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask


def watch(ask, file, seconds):
    """Ask while the file is there, at most so many seconds; return the answers, each with its moment."""
    seen = [(time.monotonic(), True)]
    while os.path.exists(file) and time.monotonic() < seen[0][0] + seconds:
        good = ask()
        seen.append((time.monotonic(), good))
        time.sleep(INTERVAL)
    return seen


def longest(seen):
    """Return the seconds of the longest time without a good answer in which one at least was bad; 0 without any."""
    last, bad, found = seen[0][0], False, 0.0
    for moment, good in [*seen[1:], (seen[-1][0], True)]:
        if not good:
            bad = True
            continue
        if bad:
            found = max(found, moment - last)
        last, bad = moment, False
    return round(found, 1)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            url=dict(type="str", required=True),
            file=dict(type="path", required=True),
            seconds=dict(type="int", default=600),
            validate_certs=dict(type="bool", default=False),
        ),
        supports_check_mode=True,
    )
    params = module.params
    seen = watch(question(params["url"], params["validate_certs"]), params["file"], params["seconds"])
    bad = sum(not good for dummy, good in seen)
    module.exit_json(changed=False, longest=longest(seen), questions=len(seen) - 1, failed_questions=bad)


if __name__ == "__main__":
    main()
