# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Run the module of the same name, and note on the controller between which moments it ran."""

    def run(self, tmp=None, task_vars=None):
        """Return the module's result with C(asked): the controller's clock before and after."""
        result = super().run(tmp, task_vars)
        before = time.time()
        result.update(self._execute_module(task_vars=task_vars))
        result["asked"] = [before, time.time()]
        return result
