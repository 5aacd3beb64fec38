"""PulseAudio, of a test's own."""
import array
import json
import subprocess

import journey


class SoundServer:
    """With devices that play into nothing, and what they play can be recorded."""

    def __init__(self, place, *devices):
        self.place = place
        socket = place.path("run", "ear")
        modules = [*map(self.device, devices), f"module-native-protocol-unix auth-anonymous=1 socket={socket}"]
        self.server = place.start("/usr/bin/pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes",
                                  *[part for module in modules for part in ("-L", module)])
        self.env = {"PULSE_SERVER": f"unix:{socket}"}
        journey.until(lambda: self.pactl("info", check=False).returncode == 0, "PulseAudio")

    @staticmethod
    def device(name):
        # Without norewinds the recording loses the head of a tone.
        return f"module-null-sink sink_name={name} sink_properties=device.description={name.capitalize()} norewinds=1 rate=48000 format=s16le"

    def pactl(self, *arguments, check=True):
        return subprocess.run(["/usr/bin/pactl", *arguments], env={**self.place.env, **self.env}, capture_output=True, text=True, check=check)

    def list(self, what):
        return json.loads(self.pactl("-f", "json", "list", what).stdout)

    def plug(self, name):
        self.pactl("load-module", *self.device(name).split())

    def unplug(self, name):
        module, = [sink["owner_module"] for sink in self.list("sinks") if sink["name"] == name]
        self.pactl("unload-module", str(module))

    def recorder(self, name, stdout):
        return subprocess.Popen(["/usr/bin/parec", "-d", name + ".monitor", "--raw", "--format=s16le", "--rate=48000", "--channels=2"], stdout=stdout,
                                env={**self.place.env, **self.env})

    def loudest(self, name):
        """The loudest sample of the next quarter of a second on that device."""
        recorder = self.recorder(name, subprocess.PIPE)
        try:
            return max(map(abs, array.array("h", recorder.stdout.read(48_000))))
        finally:
            recorder.kill()
            recorder.wait()
            recorder.stdout.close()
