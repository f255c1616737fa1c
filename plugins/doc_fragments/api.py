# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How a module reaches MAAS, the same for all of them (see module_utils/_client.py)."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - Address of MAAS, as in its C(maas_url), for example V(http://10.0.0.5:5240/MAAS). Without a path, V(/MAAS) is
        meant, and C(/api/2.0) at its end makes no difference.
      - With several, the next is tried when one does not answer.
      - If unset, the environment variable E(MAAS_URL) is used.
    type: list
    elements: str
    required: true
  api_key:
    description:
      - API key of an administrator, C(consumer:token:secret), as C(maas apikey --username USER) prints it.
      - If unset and without O(api_key_file), the environment variable E(MAAS_API_KEY) is used.
      - Exactly one of O(api_key) and O(api_key_file) is needed.
    type: str
  api_key_file:
    description:
      - File on the host the module runs on that holds the API key and nothing else.
      - A region host keeps one in V(/etc/maas-ha/api_key); with it the key crosses no network.
    type: path
  validate_certs:
    description: Whether the certificate of an V(https) address must be valid.
    type: bool
    default: true
  ca_path:
    description: File or directory of the CA certificates that O(url) is checked with, in PEM. Unset means the system's.
    type: path
  timeout:
    description:
      - Seconds in which a request must be answered, its repetitions included.
      - Requests are repeated while a region or its database fails over (connections lost, statuses 502, 503 and 504).
      - With several addresses in O(url) each gets its share of this time to answer.
      - Lists of all racks, subnets or ranges are waited for as long as MAAS's own web server does, for 15 minutes.
    type: int
    default: 60
notes:
  - These options can be set once for all modules of a play, under C(group/metal.maas_ha.api) in C(module_defaults).
  - What a task does not mention is left alone. An empty text or list clears an option that can be cleared.
"""
