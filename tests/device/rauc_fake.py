"""A stand-in for RAUC's service that does what the real one cannot be made to do. One scenario a process:

    rauc_fake.py SCENARIO [LASTERROR]

An installation begins as the real one's does, then:
  vanish        the process ends in the middle
  hang          nothing comes any more, and nothing is answered
  lie           100 %, nonsense as progress, then failure
  silent        it stops without a result
  garbage       the result is not a number
  rename        the service loses its name on the bus, goes on and succeeds
  succeed       it succeeds
  fail          it fails with LASTERROR
  busy          somebody else's installation never ends
  ends          an installation under way ends well as soon as it is asked after
  quicker       somebody else starts first, ends, then ours succeeds
"""

import os
import sys

from gi.repository import Gio, GLib

NAME = "de.pengutronix.rauc"
INTERFACE = "de.pengutronix.rauc.Installer"
XML = f"""<node><interface name="{INTERFACE}">
<method name="InstallBundle"><arg type="s" direction="in"/><arg type="a{{sv}}" direction="in"/></method>
<method name="Info"><arg type="s" direction="in"/><arg type="s" direction="out"/>
<arg type="s" direction="out"/></method>
<method name="GetSlotStatus"><arg type="a(sa{{sv}})" direction="out"/></method>
<property name="Operation" type="s" access="read"/><property name="LastError" type="s" access="read"/>
<property name="Compatible" type="s" access="read"/><property name="Progress" type="(isi)" access="read"/>
<signal name="Completed"><arg type="i"/></signal></interface></node>"""


class Fake:
    def __init__(self, scenario, last_error):
        self.scenario = scenario
        self.properties = {"Operation": "installing" if scenario in ("busy", "ends") else "idle",
                           "LastError": last_error, "Compatible": "errand-test-board"}
        self.fail_text = last_error
        self.asked = 0
        self.calls = 0
        self.bus = Gio.DBusConnection.new_for_address_sync(
            os.environ["DBUS_SYSTEM_BUS_ADDRESS"], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self.bus.register_object("/", Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0], self.on_call, self.on_get, None)
        self.request_name()

    def request_name(self):
        self.bus_call("RequestName", GLib.Variant("(su)", (NAME, 4)))

    def bus_call(self, method, arguments):
        self.bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method, arguments,
                           None, 0, -1, None)

    def emit(self, name, arguments, interface=INTERFACE):
        self.bus.emit_signal(None, "/", interface, name, arguments)

    def progress(self, percent, text):
        self.emit("PropertiesChanged", GLib.Variant("(sa{sv}as)", (INTERFACE, {
            "Progress": GLib.Variant("(isi)", (percent, text, 1))}, [])), "org.freedesktop.DBus.Properties")

    def complete(self, result):
        self.emit("Completed", GLib.Variant("(i)", (result,)))
        self.properties["Operation"] = "idle"

    def on_get(self, connection, sender, path, interface, name):
        self.asked += 1
        value = GLib.Variant("s", self.properties.get(name, ""))
        if self.scenario == "ends" and self.asked == 1:
            GLib.timeout_add(200, self.complete, 0)
        return value

    def on_call(self, connection, sender, path, interface, method, arguments, invocation):
        self.calls += 1
        if method == "Info":
            invocation.return_value(GLib.Variant("(ss)", ("x" * 1000, "1")))
        elif method == "GetSlotStatus":
            invocation.return_value(GLib.Variant("(a(sa{sv}))", ([("s" * 5000, {"state": GLib.Variant("s", "booted")}),
                                                                  ("odd", {"state": GLib.Variant("i", 7)})],)))
        elif self.scenario == "quicker" and self.calls == 1:
            self.properties["Operation"] = "installing"
            GLib.timeout_add(300, self.complete, 0)
            invocation.return_dbus_error("org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code30",
                                         "Already processing a different method")
        else:
            self.properties.update(Operation="installing", LastError="")
            invocation.return_value(None)
            self.progress(40, "Verifying signature done.")
            GLib.timeout_add(100, self.install)

    def install(self):
        getattr(self, "do_" + self.scenario)()
        return False

    def do_vanish(self):
        os._exit(9)

    def do_hang(self):
        GLib.timeout_add(1, lambda: os.kill(os.getpid(), 19))

    def do_lie(self):
        for percent, text in ((-5, "less than nothing"), (2**31 - 1, "more than all"), (100, "Installing done.")):
            self.progress(percent, text)
        self.properties["LastError"] = "it was a lie\n\tall of it"
        self.complete(1)

    def do_silent(self):
        self.properties["Operation"] = "idle"

    def do_garbage(self):
        self.emit("Completed", GLib.Variant("(s)", ("0",)))

    def do_rename(self):
        self.bus_call("ReleaseName", GLib.Variant("(s)", (NAME,)))
        self.progress(90, "without a name")
        GLib.timeout_add(200, self.complete, 0)

    def do_succeed(self):
        self.progress(99, "Updating slots done.")
        self.complete(0)

    do_quicker = do_succeed

    def do_fail(self):
        self.properties["LastError"] = self.fail_text
        self.complete(1)


if __name__ == "__main__":
    fake = Fake(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
    GLib.MainLoop().run()
