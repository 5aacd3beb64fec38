#!/usr/bin/python3
"""Sharing from this computer: the server inside, switched on and off, and a second player that listens to it."""
import os
import socket
import stat
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk

desk.enter()
import journey


class Afternoon(desk.Desk):
    """Nobody's server is here but the one inside."""

    def __enter__(self):
        super().__enter__()
        self.port = journey.free_port()
        self.set_before("sharing-port", f"uint32 {self.port}")
        self.song = self.tone("Rosa das rosas.flac", 440, 4)
        os.makedirs(self.path("folder", "deep"))
        os.rename(self.tone("Ondas do mar.flac", 550, 4), self.path("folder", "deep", "Ondas do mar.flac"))
        journey.write(self.path("folder", "notes.txt"), "no music")
        journey.write(self.path("broken.flac"), "no music at all")
        self.card_of_bia = journey.Card(self, "BEATRIZ REIS")
        self.card_of_rui = journey.Card(self, "RUI COSTA")
        return self

    def flip(self, name, on):
        """A switch, by what it says."""
        node = self.see(name, "check box")
        if node.is_checked != on:
            node.press()

    def share(self, *paths):
        self.activate("share-files", "<[" + ", ".join(f"'{path}'" for path in paths) + "]>")

    def invite_to(self, name, card_too=True):
        """The link, as the window shows it."""
        self.press("Invite", "push button")
        self.look_at("Invite")
        self.write("Who is it for?", name)
        if not card_too:
            self.flip("Enrol the first card shown", False)
        self.press("Make invitation")
        self.see("The invitation as a code to scan")
        return journey.until(lambda: next((node.name for node in self.walk() if node.name.startswith("cantiga://")), None), "the link is shown")


@desk.step("sharing is switched on, and keeps its key and music where only this person reads them")
def _(place):
    place.open(env={"CANTIGA_KEYRING": "file"})
    place.activate("page", "<'sharing'>")
    place.see("Let others hear your music")
    place.flip("Share from this computer", True)
    place.see("On: who is invited can listen", limit=60)
    place.see("Nothing yet: add music to share")
    folder = place.path("home/.local/share/cantiga/sharing")
    for path in (folder, os.path.join(folder, "server")):
        journey.equal(stat.S_IMODE(os.stat(path).st_mode), 0o700, path)
    journey.equal(stat.S_IMODE(os.stat(os.path.join(folder, "passphrase")).st_mode), 0o600, "the passphrase's mode")
    journey.holds(not os.path.exists(os.path.join(folder, "server", "master.key")), "the master key lies in the server's folder")


@desk.step("music is added with its count, from files and from folders; what is none is told if it was named")
def _(place):
    place.share(place.song, place.path("broken.flac"))
    place.see("1 title", limit=60)
    place.see("1 file could not be read")
    place.share(place.path("folder"))
    place.see("2 titles", limit=60)


@desk.step("an invitation is shown as link and code, and seen used")
def _(place):
    link = place.invite_to("Bia")
    place.bia = place.player(place.card_of_bia, "bia", paired=False)
    journey.equal(sorted(title["title"] for title in place.bia.pair(link).json), ["Ondas do mar", "Rosa das rosas"])
    place.see("Bia has joined")
    place.press("Done")
    place.look_back()


@desk.step("a second player listens to it, and that is seen")
def _(place):
    heard = place.bia.play("Rosa das rosas")
    journey.equal(heard["plays_left"], 2)
    journey.until(
        lambda: any("BEATRIZ REIS began “Rosa das rosas” (2 plays left)" in node.name for node in place.walk()), "the log tells of the play")
    journey.until(lambda: any("BEATRIZ REIS left" in node.name for node in place.walk()), "the log tells that she left")


@desk.step("who listens stands among the listeners while it lasts")
def _(place):
    running = place.bia.start("--title", "Ondas do mar", "--output", "none", "--json")
    running.wait()
    journey.until(lambda: any("BEATRIZ REIS began “Ondas do mar”" in node.name for node in place.walk()), "the second play is told")


@desk.step("a card that was not let in is refused, and the log says so")
def _(place):
    link = place.invite_to("Rui", card_too=False)
    rui = place.player(place.card_of_rui, "rui", paired=False)
    rui.pair(link, ok=journey.REFUSED)
    place.see("Rui has joined")
    place.press("Done")
    place.look_back()
    journey.until(lambda: any("Refused, from 127.0.0.1" in node.name or "Refused, from " in node.name for node in place.walk()), "the log tells of the refusal")


@desk.step("a revoked card hears nothing more")
def _(place):
    place.press("Revoke")
    place.look_at("Revoke this card?")
    place.press("_Revoke…")
    place.look_back()
    journey.until(lambda: any("may not listen any more" in node.name for node in place.walk()), "the card is revoked")
    place.bia.run("--list", "--json", ok=journey.REFUSED)


@desk.step("switched off, nobody is answered; on again, all is as it was")
def _(place):
    place.flip("Share from this computer", False)
    place.see("Off", limit=30)
    place.bia.run("--list", "--json", ok=journey.FAILED)
    place.flip("Share from this computer", True)
    place.see("2 titles", limit=60)


@desk.step("a port that is taken is told, with another one to use")
def _(place):
    place.flip("Share from this computer", False)
    place.see("Off", limit=30)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("0.0.0.0", place.port))
        taken.listen()
        place.flip("Share from this computer", True)
        place.see(f"Port {place.port} is taken by another program", limit=30)
        place.press("Use another")
        place.see("On: who is invited can listen", limit=60)


@desk.step("the program ends with the server inside, and leaves no port open")
def _(place):
    place.key("ctrl+q")
    place.program.wait()
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("0.0.0.0", place.port))


journey.main(Afternoon)
