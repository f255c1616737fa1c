# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of maas, and of maas-region for the one verb that maas calls."""

from __future__ import annotations

import argparse
import os
import sys

from . import commands as do
from . import config
from .tables import StoreError

MODES = {
    "region+rack": "Both region and rack controllers",
    "region": "Region controller only",
    "rack": "Rack controller only",
}
DATABASE_HELP = """\
When installing region or rack+region modes, MAAS needs a
PostgreSQL database to connect to.

If you want to set up PostgreSQL for a non-production deployment on
this machine, and configure it for use with MAAS, you can install
the maas-test-db snap before running 'maas init':

    sudo snap install maas-test-db
    sudo maas init region+rack --database-uri maas-test-db:///
"""
VAULT = ("vault_uri", "vault_approle_id", "vault_wrapped_token", "vault_secrets_path", "vault_secrets_mount")
WORKERS = ("num_workers", "enable_debug", "disable_debug", "enable_debug_queries", "disable_debug_queries")
IGNORED = (
    "admin_username",
    "admin_password",
    "admin_email",
    "admin_ssh_import",
    "candid_agent_file",
    "candid_domain",
    "candid_admin_group",
    "rbac_url",
    "rbac_service_name",
)


class Parser(argparse.ArgumentParser):
    """A parser that shows its whole help with an error."""

    def error(self, message):
        """Show the help and the message and exit 2."""
        self.print_help(sys.stderr)
        self.exit(2, f"\n{message}\n")


def add_settings(parser, *names):
    """Add the options that set these settings."""
    for setting in names:
        kind = {"type": int} if setting == "num_workers" else {}
        if setting.startswith(("enable", "disable")):
            kind = {"action": "store_true", "default": None}
        parser.add_argument(f"--{setting.replace('_', '-')}", help=do.HELP[setting], **kind)


def add_init(commands):
    """Add init with its modes."""
    parser = commands.add_parser(
        "init",
        help="Initialise MAAS in the specified run mode.",
        description="Initialise MAAS in the specified run mode.",
        epilog=DATABASE_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    modes = parser.add_subparsers(title="run modes", dest="run_mode", required=True)
    for mode, title in MODES.items():
        kind = "both a region and rack" if mode == "region+rack" else f"only a {mode}"
        description = f"Initialise MAAS to run {kind} controller."
        one = modes.add_parser(mode, help=title, description=description)
        add_settings(one, "maas_url")
        if mode == "rack":
            add_settings(one, "secret")
        else:
            add_settings(one, "database_uri", *VAULT)
            if config.SERIES < (3, 8):
                add_settings(one, *WORKERS)
            for setting in IGNORED:
                one.add_argument(f"--{setting.replace('_', '-')}", help=argparse.SUPPRESS)
            one.add_argument("--skip-admin", action="store_true", help=argparse.SUPPRESS)
        one.add_argument(
            "--force",
            action="store_true",
            help="Skip confirmation questions when initialization has already been performed.",
        )
    parser.set_defaults(run=do.init)


def add_config(commands):
    """Add config."""
    title = "View or change controller configuration."
    parser = commands.add_parser("config", help=title, description=title)
    parser.add_argument(
        "--show",
        action="store_true",
        help="Show the current configuration. Default when no parameters are provided.",
    )
    parser.add_argument("--show-database-password", action="store_true", help="Show the hidden database password.")
    parser.add_argument("--show-secret", action="store_true", help="Show the hidden secret.")
    add_settings(parser, "maas_url", *VAULT, "secret", *WORKERS)
    parser.add_argument(
        "--parsable", action="store_true", help="Output the current configuration in a parsable format."
    )
    parser.set_defaults(run=do.configure)


def add_apikey(commands):
    """Add apikey."""
    title = "Used to manage a user's API keys. Shows existing keys unless --generate or --delete is passed."
    parser = commands.add_parser(
        "apikey", help=title, description=title, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--username", help="Specifies the username for the admin.")
    parser.add_argument("--generate", action="store_true", help="Generate a new api key.")
    parser.add_argument("--delete", help="Delete the supplied api key.")
    parser.add_argument("--update", help="Update the supplied api key name")
    parser.add_argument(
        "--name",
        dest="api_key_name",
        metavar="API_KEY_NAME",
        help="Name of the token. This argument should be passed to --update or --generate options",
    )
    parser.add_argument(
        "--with-names ", dest="with_names", action="store_true", help="Display tokens with their names."
    )
    parser.set_defaults(run=do.apikey)


def add_createadmin(commands):
    """Add createadmin."""
    title = "Create a MAAS administrator account."
    parser = commands.add_parser("createadmin", help=title, description=title)
    parser.add_argument("--username", help="Username for the new account.")
    parser.add_argument("--password", help="Force a given password instead of prompting.")
    parser.add_argument("--email", help="Specifies the email for the admin.")
    parser.add_argument("--ssh-import", help="Import SSH keys from Launchpad (lp:user-id) or Github (gh:user-id).")
    parser.set_defaults(run=do.createadmin)


def add_changepassword(commands):
    """Add changepassword."""
    title = "Change a MAAS user's password."
    parser = commands.add_parser("changepassword", help=title, description=title)
    kind = {"choices": ["default"]} if config.SERIES >= (3, 7) else {}
    parser.add_argument("--database", help='Specifies the database to use. Default is "default".', **kind)
    parser.add_argument(
        "username", nargs="?", help="Username to change password for; by default, it's the current username."
    )
    parser.set_defaults(run=do.changepassword)


def add_config_tls(commands):
    """Add config-tls with its verbs."""
    title = "Configure MAAS Region TLS."
    parser = commands.add_parser("config-tls", help=title, description=title)
    verbs = parser.add_subparsers(title="drill down", metavar="COMMAND", required=True)
    enable = verbs.add_parser(
        "enable",
        help="Enable TLS and switch to a secured mode (https).",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    enable.add_argument("key", type=argparse.FileType(), help="path to the private key")
    enable.add_argument("cert", type=argparse.FileType(), help="path to certificate in PEM format")
    enable.add_argument("--cacert", type=argparse.FileType(), help="path to CA certificates chain in PEM format")
    enable.add_argument("-p", "--port", type=int, default=5443, help="HTTPS port")
    enable.add_argument("--yes", action="store_true", help="Skip interactive confirmation")
    enable.set_defaults(run=do.config_tls_enable)
    disable = verbs.add_parser("disable", help="Disable TLS and switch to a non-secured mode (http).")
    disable.set_defaults(run=do.config_tls_disable)


def add_config_vault(commands):
    """Add config-vault with its verbs."""
    title = "Configure MAAS Region Vault integration."
    parser = commands.add_parser("config-vault", help=title, description=title)
    verbs = parser.add_subparsers(title="drill down", metavar="COMMAND", required=True)
    configure_vault = verbs.add_parser("configure", help="Update MAAS configuration to use Vault secret storage.")
    configure_vault.set_defaults(run=do.config_vault_migrate)
    verbs.add_parser("migrate", help="Migrate secrets to Vault").set_defaults(run=do.config_vault_migrate)
    verbs.add_parser("status", help="Report status of Vault integration").set_defaults(run=do.config_vault_status)


def add_login(commands):
    """Add login, of which there is only the help."""
    title = "Log in to a remote API, and remember its description and credentials."
    parser = commands.add_parser(
        "login",
        help=title,
        description=title,
        epilog="If credentials are not provided on the command-line, they will be prompted\nfor interactively.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "profile-name",
        help="The name with which you will later refer to this remote server and credentials within this tool.",
    )
    parser.add_argument(
        "url",
        help="The URL of the remote API, e.g. http://example.com/MAAS/ or http://example.com/MAAS/api/2.0/ "
        "if you wish to specify the API version.",
    )
    parser.add_argument(
        "credentials",
        nargs="?",
        help="The credentials, also known as the API key, for the remote MAAS server. These can be found in the user "
        "preferences page in the web UI; they take the form of a long random-looking string composed of three parts, "
        "separated by colons.",
    )
    parser.add_argument("--cacerts", help="Certificate CA file in PEM format")
    parser.add_argument("-k", "--insecure", action="store_true", help="Disable SSL certificate check")
    parser.set_defaults(run=do.nothing)


def add_plain(commands, name, title, run, **hidden):
    """Add a command without options that help shows."""
    parser = commands.add_parser(name, help=title, description=title)
    for option in hidden:
        parser.add_argument(f"--{option}", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def build_parser():
    """Return the parser of the whole command line, its commands in the order that help shows."""
    parser = Parser(prog="maas", epilog="https://maas.io/")
    commands = parser.add_subparsers(title="drill down", metavar="COMMAND", dest="command")
    add_login(commands)
    add_plain(commands, "logout", "Log out of a remote API, purging any stored credentials.", do.nothing)
    add_plain(commands, "list", "List remote APIs that have been logged-in to.", do.nothing)
    add_plain(commands, "refresh", "Refresh the API descriptions of all profiles.", do.nothing)
    add_init(commands)
    add_config(commands)
    add_plain(commands, "status", "Status of controller services.", do.status)
    add_plain(commands, "migrate", "Perform migrations on connected database.", do.migrate, configure=True)
    if config.SERIES < (3, 5):
        commands.add_parser("reconfigure-supervisord").set_defaults(run=do.nothing)
    add_apikey(commands)
    add_plain(commands, "configauth", "Configure external authentication.", do.configauth, json=True)
    add_config_tls(commands)
    add_config_vault(commands)
    if config.SERIES >= (3, 6):
        add_plain(commands, "msm", "Configure enrolment with a Site Manager instance", do.nothing)
    add_createadmin(commands)
    add_changepassword(commands)
    return parser


def main(arguments):
    """Run one command. What fails inside MAAS ends in a traceback, or in the help where the database was asked."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if not options.command:
        parser.error("too few arguments")
    if options.run is do.nothing:
        return
    local = options.command in ("init", "config", "status", "migrate")
    if os.getuid() != 0:
        sys.exit(
            f"The '{options.command}' command must be run by root."
            if local
            else f"You can only '{options.command}' as root."
        )
    if local:
        options.run(options)
        return
    try:
        options.run(options)
    except do.CommandError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    except (StoreError, OSError, ValueError, EOFError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    if sys.argv[1:] == ["dbupgrade"]:
        do.dbupgrade(float(os.environ.get("MAAS_MIGRATION_PAUSE", "0.02")))
    else:
        main(sys.argv[1:])
