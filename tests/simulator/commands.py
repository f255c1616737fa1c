# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands of maas do: set a host up, configure it, migrate the database, keep users and keys."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys

import psycopg2.extensions

from . import config, postgres, tls
from .state import api_key

SET_UP = """\
MAAS has been set up.

If you want to configure external authentication or use
MAAS with Canonical RBAC, please run

  sudo maas configauth

To create admins when not using external authentication, run

  sudo maas createadmin

To enable TLS for secured communication, please run

  sudo maas config-tls enable
"""
# What the settings are for: told by --help, and by prompts when asked for help.
HELP = {
    "maas_url": "URL that MAAS should use for communicate from the nodes to MAAS and other controllers of MAAS.",
    "database_uri": (
        "URI for the MAAS Postgres database in the form of postgres://user:pass@host:port/dbname or maas-test-db:///. "
        "For maas-test-db:/// to work, the maas-test-db snap needs to be installed and connected"
    ),
    "vault_uri": "Vault URI",
    "vault_approle_id": "Vault AppRole Role ID",
    "vault_wrapped_token": "Vault Wrapped Token for AppRole ID",
    "vault_secrets_path": "Path prefix for MAAS secrets in Vault KV storage",
    "vault_secrets_mount": "Vault KV mount path",
    "secret": (
        "Secret token required for the rack controller to talk to the region controller(s). "
        "Only used when in 'rack' mode."
    ),
    "num_workers": "Number of regiond worker processes to run.",
    "enable_debug": "Enable debug mode for detailed error and log reporting.",
    "disable_debug": "Disable debug mode.",
    "enable_debug_queries": (
        "Enable query debugging. Reports number of queries and time for all actions performed. "
        "Requires debug to also be True. mode for detailed error and log reporting."
    ),
    "disable_debug_queries": "Disable query debugging.",
}


class CommandError(Exception):
    """Refused: the command prints the class's name and the message and exits 1."""


class AlreadyExistingUser(CommandError):
    """The user or the email is taken."""


class InconsistentPassword(CommandError):
    """The password was typed differently the second time."""


def say(message):
    """Print a line before a child or a service can print the next one."""
    print(message, flush=True)


def read_input(prompt):
    """Ask until a line can be read: at the end of the input for ever."""
    while True:
        try:
            return input(prompt)
        except EOFError:
            print()


def ask(what, explanation, default=None):
    """Ask for a value; "help" explains it, nothing means the default if there is one."""
    suffix = f" [default={default}]" if default else ""
    while True:
        answer = read_input(f"{what}{suffix}: ")
        if answer == "help":
            print(explanation)
        elif answer or default:
            return answer or default


def snapctl(*arguments):
    """Ask snapd; what it answers is printed nowhere and its failures are not noticed."""
    return subprocess.run(["snapctl", *arguments], stdout=subprocess.PIPE, text=True, check=False).stdout


def stop_services():
    """Stop the daemon."""
    if config.SERIES >= (3, 5):
        snapctl("stop", config.DAEMON)
    else:
        signal_supervisor(signal.SIGHUP)


def restart_services():
    """Start the daemon, or start it anew, in the mode that is set."""
    if config.SERIES >= (3, 5):
        snapctl("restart", config.DAEMON)
    else:
        signal_supervisor(signal.SIGHUP)


def signal_supervisor(number):
    """Tell supervisord to look at the mode again."""
    pid = config.read_text(config.DATA / "supervisord/supervisord.pid")
    if pid:
        os.kill(int(pid), number)


# init


def init(options):
    """Set this host up in a mode."""
    before = config.mode()
    if before != "none" and not options.force:
        say("Controller has already been initialized.")
        if not confirm_again():
            return
    old = config.read(config.REGIOND_CONF)
    region = options.run_mode != "rack"
    database = database_settings(options) if region else {}
    url = options.maas_url or ask("MAAS URL", HELP["maas_url"], default_url())
    secret = None if region else options.secret or ask("Secret", HELP["secret"])
    if before != "none":
        say("Stopping services")
        stop_services()
    shutil.rmtree(config.DATA / "certificates", ignore_errors=True)
    config.merge(config.REGIOND_CONF, maas_url=url, **database)
    config.merge(config.RACKD_CONF, maas_url=url)
    write_secret(secret)
    first = region and needs_migration(old)
    if first:
        say("Performing database migrations")
        migrate_database()
    config.write_text(config.MODE, options.run_mode)
    say("Starting services")
    restart_services()
    if first:
        say(SET_UP)


def confirm_again():
    """Ask whether to initialise again."""
    while True:
        answer = read_input("Are you sure you want to initialize again (yes/no) [default=no]? ")
        if answer in ("", "no", "yes"):
            return answer == "yes"
        print("Invalid input, try again.\n")


def default_url():
    """Return a URL with the address of the interface of the default gateway."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            address = probe.getsockname()[0]
        except OSError:
            address = "localhost"
    return f"http://{address}:5240/MAAS"


def database_settings(options):
    """Return regiond.conf's database settings for the URI."""
    test_database = config.COMMON / "test-db-socket"
    uri = options.database_uri
    if uri is None:
        uri = ask("Database URI", HELP["database_uri"], "maas-test-db:///" if test_database.exists() else None)
    if uri == "maas-test-db:///":
        return {"database_host": str(test_database), "database_name": "maasdb", "database_user": "maas"}
    if not uri.startswith("postgres://"):
        sys.exit("Database URI needs to be either 'maas-test-db:///' or start with 'postgres://'")
    try:
        parsed = psycopg2.extensions.parse_dsn(uri)
    except psycopg2.ProgrammingError as error:
        sys.exit(f"Error parsing database URI: {str(error).strip()}")
    unsupported = sorted(set(parsed) - {"user", "password", "host", "dbname", "port"})
    if unsupported:
        sys.exit(f"Error parsing database URI: Unsupported parameters: {', '.join(unsupported)}")
    if "user" not in parsed:
        sys.exit(f"No user found in URI: {uri}")
    return {
        "database_host": parsed.get("host", "localhost"),
        "database_name": parsed.get("dbname", parsed["user"]),
        "database_user": parsed["user"],
        "database_pass": parsed.get("password"),
        "database_port": int(parsed["port"]) if "port" in parsed else None,
    }


def write_secret(secret):
    """Keep a rack's secret; a region has none before it has started."""
    if secret:
        config.write_text(config.SECRET, secret)
    else:
        config.SECRET.unlink(missing_ok=True)


def needs_migration(settings):
    """Return whether the database named by the settings from before init is empty or cannot be asked."""
    try:
        return not postgres.has_tables(config.database(settings))
    except psycopg2.Error:
        return True


def migrate_database():
    """Run the migrations in a process of their own."""
    subprocess.check_call([f"{config.SNAP}/bin/maas-region", "dbupgrade"])


def dbupgrade(pause):
    """Bring the database of regiond.conf up to this series; wait for pause seconds after each step."""
    settings = config.read(config.REGIOND_CONF)
    if config.SERIES >= (3, 7):
        password = str(settings.get("database_pass", ""))
        if "%" in password:
            raise ValueError(f"invalid interpolation syntax in {password!r} at position {password.index('%')}")
        if "@" in password:
            raise socket.gaierror(-2, "Name or service not known")
    postgres.migrate(config.database(settings), config.VERSION, pause)
    if config.SERIES >= (3, 5):
        say("Running Temporal migrations:\n  Applied all migrations.")


# config, status, migrate


def configure(options):
    """Show or change the configuration."""
    given = {
        "--maas-url": options.maas_url is not None and config.mode() == "none",
        "--secret": options.secret is not None and config.mode() != "rack",
    }
    wanted = {
        "debug": False if options.disable_debug else options.enable_debug or None,
        "debug_queries": False if options.disable_debug_queries else options.enable_debug_queries or None,
        "num_workers": options.num_workers,
        "maas_url": options.maas_url,
    }
    setters = options.secret is not None or any(value is not None for value in wanted.values())
    if options.show or options.parsable or options.show_secret or options.show_database_password or not setters:
        show_configuration(options)
        return
    unsupported = ", ".join(flag for flag, refused in given.items() if refused)
    if unsupported:
        say(f"Following flags are not supported in '{config.mode()}' mode: {unsupported}")
        sys.exit(1)
    if options.secret is not None:
        write_secret(options.secret)
    if config.merge(config.REGIOND_CONF, **wanted):
        if wanted["maas_url"] is not None or wanted["debug"] is not None:
            config.merge(config.RACKD_CONF, maas_url=wanted["maas_url"], debug=wanted["debug"])
        say("Stopping services" if config.mode() == "none" else "Restarting services")
        if config.SERIES < (3, 5) or "inactive" not in snapctl("services", "maas"):
            restart_services()


def show_configuration(options):
    """Print the mode and the settings that matter in it."""
    mode = config.mode()
    settings = config.read(config.REGIOND_CONF)
    say(f"mode={mode}" if options.parsable else f"Mode: {mode}")
    if mode == "none":
        return
    if not options.parsable:
        say("Settings:")
    shown = {"maas_url": settings.get("maas_url")}
    if "debug" in settings:
        shown["debug"] = settings["debug"]
    if mode == "rack":
        shown["secret"] = config.read_text(config.SECRET) if options.show_secret else "(hidden)"
    else:
        for key in ("host", "port", "name", "user"):
            shown[f"database_{key}"] = settings.get(f"database_{key}")
        shown["database_pass"] = settings.get("database_pass") if options.show_database_password else "(hidden)"
        shown.update({key: settings[key] for key in ("num_workers", "debug_queries") if key in settings})
    for key, value in shown.items():
        say(f"{key}={value}")


def status(options):
    """Print the services' states as their supervisor tells them."""
    if config.mode() == "none":
        say("MAAS is not configured")
        sys.exit(1)
    if config.SERIES < (3, 5):
        command = ["supervisorctl", "-c", str(config.DATA / "supervisord/supervisord.conf"), "status"]
    else:
        command = ["pebble", "services"]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if config.SERIES >= (3, 5) and answer.returncode:
        say(f"Pebble exited with error code {answer.returncode} and the following output:")
    if config.SERIES < (3, 5) and "error:" in answer.stdout:
        say("MAAS supervisor is currently restarting. Please wait and try again.")
        sys.exit(255)
    print(answer.stdout, end="", flush=True)
    sys.exit(answer.returncode)


def migrate(options):
    """Run the migrations; as the snap's hook only where there is a database."""
    mode = config.mode()
    if mode in ("none", "rack"):
        if options.configure:
            return
        say(
            "MAAS is not configured"
            if mode == "none"
            else f"Mode '{mode}' is not connected to a database. No migrations to perform."
        )
        sys.exit(1)
    migrate_database()


# What asks the database


def store():
    """Return the state in the database of regiond.conf."""
    return postgres.PostgresStore(config.database(config.read(config.REGIOND_CONF)))


def read_password(*prompts):
    """Ask for a password on the terminal or, without one, on standard input; at its end for ever."""
    answers = []
    for prompt in prompts:
        while True:
            try:
                answers.append(getpass.getpass(prompt))
                break
            except EOFError:
                print()
    return answers


def hash_password(password):
    """Return what is kept of a password."""
    salt = os.urandom(8).hex()
    return f"{salt}${hashlib.pbkdf2_hmac('sha256', password.encode(), salt.encode(), 1000).hex()}"


def createadmin(options):
    """Make an administrator with an API key."""
    asks = options.ssh_import is None and None in (options.username, options.password, options.email)
    username = options.username if options.username is not None else ask("Username", "")
    password = options.password
    if password is None:
        password, again = read_password("Password: ", "Again: ")
        if password != again:
            raise InconsistentPassword("Passwords do not match")
    email = options.email if options.email is not None else ask("Email", "")
    keys = read_input("Import SSH keys [] (lp:user-id or gh:user-id): ") if asks else options.ssh_import
    with store().transaction() as state:
        if state.find("user", username=username) or state.find("user", email=email):
            raise AlreadyExistingUser(f"A user with the email {email} already exists.")
        user = state.add_user(username, hash_password(password), email)
        state.add_api_key(user["id"])
        if keys:
            raise OSError("not all arguments converted during string formatting")


def apikey(options):
    """List, make, rename and delete the API keys of a user."""
    if options.username is None:
        raise CommandError("You must provide a username with --username.")
    with store().transaction() as state:
        user = state.find("user", username=options.username)
        if user is None:
            raise CommandError("User does not exist.")
        if options.generate:
            say(state.add_api_key(user["id"], options.api_key_name or "MAAS consumer"))
        elif options.delete:
            state.delete("token", find_token(state, user, options.delete)["id"])
        elif options.update:
            if not options.api_key_name:
                raise CommandError("Should specify new name using --name.")
            state.update("token", find_token(state, user, options.update)["id"], name=options.api_key_name)
        else:
            for token in state.where("token", user=user["id"]):
                say(api_key(token) + (f" {token['name']}" if options.with_names else ""))


def find_token(state, user, key):
    """Return the token of an API key."""
    if key.count(":") != 2:
        raise CommandError(f"Malformed credentials string.  Expected 3 colon-separated items, got {key!r}.")
    for token in state.where("token", user=user["id"]):
        if api_key(token) == key:
            return token
    raise CommandError("No matching api key found.")


def changepassword(options):
    """Give a user another password."""
    with store().transaction() as state:
        user = state.find("user", username=options.username or getpass.getuser())
        if user is None:
            raise CommandError(f"user '{options.username}' does not exist")
    say(f"Changing password for user '{user['username']}'")
    for dummy in range(3):
        password, again = getpass.getpass("Password: "), getpass.getpass("Password (again): ")
        if password == again:
            break
        say("Passwords do not match. Please try again.")
    else:
        raise CommandError(f"Aborting password change for user '{user['username']}' after 3 attempts")
    with store().transaction() as state:
        state.update("user", user["id"], password=hash_password(password))
    say(f"Password changed successfully for user '{user['username']}'")


def config_tls_enable(options):
    """Store a certificate for all regions, which then serve https."""
    warning = "Once TLS is enabled, the MAAS UI and API won't be accessible over HTTP anymore, proceed? (y/n): "
    if not options.yes and read_input(warning) != "y":
        return
    key, cert = options.key.read(), options.cert.read()
    chain = options.cacert.read() if options.cacert else ""
    tls.check(key, cert)
    with store().transaction() as state:
        tls.enable(state, key, cert, chain, options.port)


def config_tls_disable(options):
    """Serve plain http again."""
    with store().transaction() as state:
        tls.disable(state)


def config_vault_status(options):
    """Tell that Vault keeps no secrets."""
    with store().transaction() as state:
        state.table("node")
    say("status: disabled\nunconfigured_regions: []\n")


def config_vault_migrate(options):
    """Refuse: there is no Vault."""
    raise CommandError(
        "Vault is not configured for the current region. "
        "Please use `sudo maas config-vault configure` command on all regions before migrating."
    )


def configauth(options):
    """Show that users are local."""
    names = ("url", "domain", "user", "key", "admin_group")
    say(json.dumps({**{f"external_auth_{name}": "" for name in names}, "rbac_url": ""}))


def nothing(options):
    """Do nothing: profiles of remote APIs are not kept."""
