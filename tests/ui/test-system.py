#!/usr/bin/python3
"""The desktop player as the rest of the desktop sees it: one program however often it is started, MPRIS through playerctl, and what it tells of itself."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk

desk.enter()
import journey

SUSPEND = 4  # as org.gnome.SessionManager counts
NAME = "io.github.cantiga.Cantiga"


class Room(desk.Room):
    """With a desktop around it, which writes down what it is told."""

    def __enter__(self):
        super().__enter__()
        self.desktop = self.start("/usr/bin/python3", os.path.join(os.path.dirname(os.path.abspath(__file__)), "desktop.py"))
        self.told("ready")
        return self

    def told(self, method, *wanted):
        """Waits for the first call of method whose arguments have all of wanted among them, and returns its arguments."""
        def find():
            # The last line may be half of one.
            calls = [json.loads(line) for line in self.desktop.out.splitlines(keepends=True) if line.endswith("\n")]
            return next((call for call in calls if call[0] == method and all(one in call[1:] for one in wanted)), None)
        return journey.until(find, f"the desktop is told {method} {wanted}")[1:]


def playerctl(place, *arguments, ok=True):
    ran = subprocess.run(["playerctl", "--player", NAME, *arguments], env=place.env, capture_output=True, text=True, check=False)
    if ok:
        journey.holds(ran.returncode == 0, f"playerctl {arguments}: {ran.stderr}")
    return ran.stdout.strip()


def becomes(place, wanted, *arguments):
    journey.until(lambda: playerctl(place, *arguments) == wanted, f"playerctl {' '.join(arguments)} says {wanted}")


@desk.step("started with an invitation, it asks whether to pair")
def _(place):
    place.open(place.invite("Ana"), card=place.card_of_ana, env={"CANTIGA_PROBE": "1"})
    place.look_at("Invitation")
    place.see("A server at 127.0.0.1")
    place.press("Pair")
    place.look_back()
    place.see("ANA MARIA DOS SANTOS…")
    place.write("PIN", "1234")
    place.press("Sign in")
    place.see("Play “Rosa das rosas”")


@desk.step("on the bus it stands as a player that plays nothing")
def _(place):
    journey.contains(subprocess.run(["playerctl", "--list-all"], env=place.env, capture_output=True, text=True, check=True).stdout, NAME)
    journey.equal(playerctl(place, "status"), "Stopped")
    journey.equal(playerctl(place, "metadata", "title", ok=False), "")


@desk.step("what plays is told: name, length, state")
def _(place):
    place.press("Play “Rosa das rosas”")
    becomes(place, "Playing", "status")
    becomes(place, "Rosa das rosas", "metadata", "title")
    journey.holds(59_900_000 <= int(playerctl(place, "metadata", "mpris:length")) <= 60_100_000, playerctl(place, "metadata"))
    journey.until(lambda: float(playerctl(place, "position")) > 0.2, "the position moves")
    place.told("Inhibit", NAME, "Music is playing", SUSPEND)


@desk.step("pause, play, and both in one are obeyed, and seen in the window")
def _(place):
    playerctl(place, "pause")
    becomes(place, "Paused", "status")
    place.see("Play", "push button")
    place.told("Uninhibit")
    playerctl(place, "pause")
    journey.equal(playerctl(place, "status"), "Paused")
    playerctl(place, "play")
    becomes(place, "Playing", "status")
    playerctl(place, "play-pause")
    becomes(place, "Paused", "status")


@desk.step("the place is set and moved, and never to where nothing is")
def _(place):
    playerctl(place, "position", "5")
    journey.until(lambda: 4.9 < float(playerctl(place, "position")) < 5.2, "the position is 5 s")
    playerctl(place, "position", "2+")
    journey.until(lambda: 6.9 < float(playerctl(place, "position")) < 7.3, "the position is 7 s")
    playerctl(place, "position", "3-")
    journey.until(lambda: 3.9 < float(playerctl(place, "position")) < 4.3, "the position is 4 s")
    for track, position in ((f"/io/github/cantiga/Cantiga/track/{'0' * 32}", 1_000_000), (playerctl(place, "metadata", "mpris:trackid").strip("'"), 999_000_000)):
        place.mpris("org.mpris.MediaPlayer2.Player.SetPosition", "(ox)", f"('{track}', {position})")
    journey.holds(3.9 < float(playerctl(place, "position")) < 4.3, "a place that is none was taken")


@desk.step("volume goes both ways")
def _(place):
    playerctl(place, "volume", "0.4")
    journey.until(lambda: abs(float(playerctl(place, "volume")) - 0.4) < 0.01, "the volume is 0.4")
    journey.until(lambda: abs(place.see("Volume", "slider").value - 0.4) < 0.01, "the slider shows it")
    place.activate("louder")
    journey.until(lambda: abs(float(playerctl(place, "volume")) - 0.45) < 0.01, "louder is heard of")


@desk.step("next and previous are obeyed, and what changes is told to who follows")
def _(place):
    follower = subprocess.Popen(["playerctl", "--player", NAME, "--follow", "metadata", "title"], env=place.env, stdout=subprocess.PIPE, text=True)
    journey.equal(follower.stdout.readline().strip(), "Rosa das rosas")
    playerctl(place, "next")
    journey.equal(follower.stdout.readline().strip(), "Santa Maria, strela do dia")
    becomes(place, "Playing", "status")
    place.told("Notify", "Santa Maria, strela do dia")
    playerctl(place, "previous")
    journey.equal(follower.stdout.readline().strip(), "Rosa das rosas")
    follower.kill()
    follower.wait()
    follower.stdout.close()


@desk.step("a second start speaks to the first, and ends")
def _(place):
    second = place.start(os.path.join(journey.BUILD, "src/ui/cantiga"), place.invite("Bernardo"), env={**journey.without_leaks(place.env)})
    journey.equal(second.wait().out, "")
    place.look_at("Invitation")
    place.see("A server at 127.0.0.1")
    place.key("Escape")
    place.look_back()


@desk.step("closed while it plays, it plays on unseen, says so, and comes back when it is asked for")
def _(place):
    becomes(place, "Playing", "status")
    place.focus()
    place.key("ctrl+w")
    journey.until(lambda: not place.windows("^Cantiga$"), "the window goes")
    place.told("RequestBackground")
    place.told("Notify", "Cantiga plays on")
    at = float(playerctl(place, "position"))
    journey.until(lambda: float(playerctl(place, "position")) > at, "it plays on")
    place.start(os.path.join(journey.BUILD, "src/ui/cantiga"), env={**journey.without_leaks(place.env)}).wait()
    journey.until(lambda: place.windows("^Cantiga$"), "the window is back")


@desk.step("stop leaves nothing, and the program ends over the bus")
def _(place):
    becomes(place, "Playing", "status")
    playerctl(place, "stop")
    becomes(place, "Stopped", "status")
    place.mpris("org.mpris.MediaPlayer2.Quit")
    place.program.wait()


journey.main(Room)
