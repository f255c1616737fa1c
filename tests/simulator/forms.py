# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and forms as the web framework under MAAS cleans them: lax where it is lax, wordy where it is wordy."""

from __future__ import annotations

import ipaddress
import re

from .wire import Invalid

REQUIRED = "This field is required."
NO_CHOICE = "Select a valid choice. That choice is not one of the available choices."
NAME = re.compile(r"\w[ \w-]*$")


class FieldError(Exception):
    """A value that a field refuses; the argument is the text under the field."""


KEEP = object()  # a field that is sent empty keeps the stored value


class Field:
    """How one field is read: clean(value) gives the value or raises FieldError."""

    def __init__(self, clean, required=False, default=None, empty=None):
        """default is the value of a new object that does not give the field, empty that of a field sent empty.

        Without empty, a field that is sent empty has its default.
        """
        self.clean = clean
        self.required = required
        self.default = default
        self.empty = default if empty is None else empty


class Form:
    """The outcome of cleaning: values by field and errors by field."""

    def __init__(self, fields, data, current=None):
        """Clean data; current holds the stored values of an object that is changed, which are cleaned again."""
        self.current = current
        self.values = {}
        self.errors = {}
        for name, field in fields.items():
            if name not in data and current is not None and name not in current:
                continue
            value = data[name] if name in data else (current or {}).get(name)
            self._clean(name, field, value, given=name in data or current is not None)

    def _clean(self, name, field, value, given):
        if isinstance(value, str):
            value = value.strip()
        if value is None or value == "":
            if field.required:
                self.error(name, REQUIRED)
            elif field.empty is KEEP:
                self.values[name] = (self.current or {}).get(name, field.default)
            else:
                self.values[name] = field.empty if given else field.default
            return
        try:
            self.values[name] = field.clean(value)
        except FieldError as error:
            self.error(name, str(error))

    def error(self, name, text):
        """Put a text under a field (or __all__) and drop the field's value."""
        self.errors.setdefault(name, []).append(text)
        self.values.pop(name, None)

    def check(self, **where):
        """Refuse the request if there are errors."""
        if self.errors:
            raise Invalid(self.errors, **where)


def text(longest=None):
    """A string, at most so many characters long."""

    def clean(value):
        value = str(value)
        if longest and len(value) > longest:
            raise FieldError(f"Ensure this value has at most {longest} characters (it has {len(value)}).")
        return value

    return clean


def name(value):
    """A name of an object."""
    if not NAME.match(text(256)(value)):
        raise FieldError("Enter a valid value.")
    return str(value)


def integer(least=None, most=None):
    """A whole number within limits."""

    def clean(value):
        try:
            number = int(str(value))
        except ValueError:
            raise FieldError("Enter a whole number.") from None
        if least is not None and number < least:
            raise FieldError(f"Ensure this value is greater than or equal to {least}.")
        if most is not None and number > most:
            raise FieldError(f"Ensure this value is less than or equal to {most}.")
        return number

    return clean


def boolean(value):
    """A check box: everything but the word false, no matter how it is written, and emptiness is true."""
    return value.lower() != "false" if isinstance(value, str) else bool(value)


def choice(*words):
    """One of a few words."""

    def clean(value):
        if str(value) not in words:
            raise FieldError(f"Select a valid choice. {value} is not one of the available choices.")
        return str(value)

    return clean


def row(find, message=NO_CHOICE):
    """The id of the row that find(text) gives; {} in the message stands for the value."""

    def clean(value):
        found = find(str(value))
        if found is None:
            raise FieldError(message.format(value))
        return found["id"]

    return clean


def address(value):
    """An IP address, in its shortest form."""
    try:
        return str(ipaddress.ip_address(str(value)))
    except ValueError:
        raise FieldError("Enter a valid IPv4 or IPv6 address.") from None


def number_or_none(value):
    """The whole number that a text spells, or None."""
    return int(value) if re.fullmatch(r"\d+", value) else None
