#!/usr/bin/python3
"""Servers that are found: the desktop player on one machine, boxes on another, an avahi-daemon on each, and multicast on the cable between them."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk
import journey
import network

HOLDER = "ANA MARIA DOS SANTOS"
SECOND = "Sala de escuta, New · needs an invitation"


class Network(desk.Desk):
    def __enter__(self):
        super().__enter__()
        self.box = network.Machine(self, "box", "10.77.0.1")
        self.here = network.Machine(self, "desk", "10.77.0.2")
        network.join(self.box, self.here)
        for machine in (self.box, self.here):
            machine.start_bus()
        self.init("Caixa")
        self.add(self.tone("Ai flores.flac", 440, 30))
        self.card_of_ana = self.card(HOLDER)
        self.first = self.serve_box()
        return self

    def serve_box(self, state=None):
        return self.serve(state=state, host="0.0.0.0", prefix=self.box.prefix, env=self.box.env)


@desk.step("where nobody can search, the page says how to begin; as soon as somebody can, the box is found")
def _(place):
    place.open(card=place.card_of_ana, prefix=place.here.prefix, env=place.here.env)
    place.see("Hear music that is kept for you")
    for machine in (place.box, place.here):
        machine.start_avahi()
    place.see("Caixa, New · needs an invitation", limit=60)
    place.see("Found on this network", "label")
    place.show("found")


@desk.step("pressed, it says whom to ask for an invitation, and leads to where one is pasted")
def _(place):
    place.click("Caixa, New · needs an invitation")
    place.look_at("“Caixa” lets in whom it has invited")
    place.see("Ask whoever keeps it for an invitation…")
    place.press("_Paste invitation…")
    place.look_at("Invitation")
    place.write("Invitation link", place.ctl("invite", "Ana", "--url", f"http://10.77.0.1:{place.first.port}").out.strip())
    place.see("A server at 10.77.0.1")
    place.press("Pair")
    place.look_back()
    place.see(f"{HOLDER}\nAuthentication PIN…")
    place.write("PIN", journey.PIN)
    place.press("Sign in")
    place.see("1 title")


@desk.step("one that is known stands among one's own, and not among what is new")
def _(place):
    place.activate("page", "<'servers'>")
    place.see(f"Caixa, Signed in · {HOLDER}")
    place.see_no("Caixa, New · needs an invitation")
    place.see("Nothing new found")


@desk.step("another box comes, and goes again")
def _(place):
    other = place.path("other")
    place.init("Sala de escuta", state=other)
    second = place.serve_box(other)
    place.see(SECOND, limit=60)
    second.stop()
    place.see_no(SECOND, limit=60)
    place.see("Nothing new found")


@desk.step("one's own that does not answer says so, and since when; and not any more once it does")
def _(place):
    place.activate("sign-out")
    place.see("Caixa, Last used today")
    port = place.first.port
    place.first.stop()
    place.see("Caixa, Not answering · seen today")
    place.show("not-answering")
    place.serve(host="0.0.0.0", port=port, prefix=place.box.prefix, env=place.box.env)
    place.see("Caixa, Last used today")


@desk.step("without a network it says so, until there is one again")
def _(place):
    place.here.run("ip", "link", "set", "cable0", "down")
    place.see("You are not on a network")
    place.see("Caixa, Not answering · seen today")
    place.show("no-network")
    place.here.run("ip", "link", "set", "cable0", "up")
    place.see("Nothing new found")
    place.see("Caixa, Last used today")
    place.quit()


network.enter()
desk.enter()
journey.main(Network)
