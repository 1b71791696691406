"""Something in the name of RAUC's service that answers all calls, in a way of its own: rauc_hostile.py SCENARIO.

  types    every answer, property and signal is of a wrong type
  giant    texts of many megabytes
  errors   every call fails, with a long text
  nothing  a call that asks is answered with empty texts and lists
  noise    an installation with signals of every type, ended by one that is no number
  slot     one slot is booted, and it is called $SLOT_NAME
"""

import os
import sys

from gi.repository import Gio, GLib

NAME = "de.pengutronix.rauc"
INTERFACE = "de.pengutronix.rauc.Installer"
PROPERTIES = "org.freedesktop.DBus.Properties"
GIANT = "g" * (8 << 20)
SIGNATURES = {"InstallBundle": "()", "Info": "(ss)", "Mark": "(ss)", "GetSlotStatus": "(a(sa{sv}))"}


def slot(name, **fields):
    return GLib.Variant("(a(sa{sv}))", ([(name, {key: GLib.Variant("s", text) for key, text in fields.items()})],))


class Hostile:
    def __init__(self, scenario):
        self.scenario = scenario
        self.bus = Gio.DBusConnection.new_for_address_sync(
            os.environ["DBUS_SYSTEM_BUS_ADDRESS"], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self.bus.add_filter(self.on_message)
        self.bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                           GLib.Variant("(su)", (NAME, 4)), None, 0, -1, None)

    def on_message(self, connection, message, incoming):
        if not incoming or message.get_message_type() != Gio.DBusMessageType.METHOD_CALL:
            return message
        GLib.idle_add(self.answer, message, message.get_member(), message.get_body())
        return None

    def answer(self, call, member, body):
        if self.scenario == "errors":
            reply = Gio.DBusMessage.new_method_error_literal(call, "org.gtk.GDBus.UnmappedGError.Quark.x.Code1",
                                                             "long " * 100_000)
        else:
            reply = Gio.DBusMessage.new_method_reply(call)
            value = self.value(member, body)
            if value is not None:
                reply.set_body(value)
        self.bus.send_message(reply, Gio.DBusSendMessageFlags.NONE)
        if self.scenario in ("types", "noise") and member == "InstallBundle":
            self.noise()
        return False

    def value(self, member, body):
        if member == "Get":
            return GLib.Variant("(v)", (self.property(body.unpack()[1]),))
        if self.scenario == "slot":
            return slot(os.environ["SLOT_NAME"], state="booted")
        if self.scenario == "types":
            return GLib.Variant("(ai)", ([1, 2],))
        if member == "InstallBundle":
            return None
        if member in ("Info", "Mark"):
            if self.scenario == "noise":
                return GLib.Variant("(s)", ("one",))
            return GLib.Variant("(ss)", (GIANT, GIANT) if self.scenario == "giant" else ("", ""))
        if self.scenario == "giant":
            return slot(GIANT, state="booted", **{"bundle.version": GIANT})
        return slot("", state="booted")

    def property(self, name):
        if self.scenario == "types":
            return GLib.Variant("i", 7)
        if name == "Operation":
            return GLib.Variant("s", "idle")
        return GLib.Variant("s", GIANT if self.scenario == "giant" else "else")

    def noise(self):
        for body in (GLib.Variant("(s)", ("0",)), GLib.Variant("(v)", (GLib.Variant("i", 0),)),
                     GLib.Variant("(ii)", (0, 0))):
            for value in (GLib.Variant("i", 7), GLib.Variant("(isi)", (7, GIANT, 1)),
                          GLib.Variant("(iss)", (7, "", ""))):
                self.emit(PROPERTIES, "PropertiesChanged",
                          GLib.Variant("(sa{sv}as)", (INTERFACE, {"Progress": value}, [])))
            self.emit(PROPERTIES, "PropertiesChanged", GLib.Variant("(si)", (INTERFACE, 3)))
            self.emit(INTERFACE, "Completed", body)

    def emit(self, interface, name, body):
        self.bus.emit_signal(None, "/", interface, name, body)


if __name__ == "__main__":
    hostile = Hostile(sys.argv[1])
    GLib.MainLoop().run()
