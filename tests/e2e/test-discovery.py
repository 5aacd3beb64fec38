#!/usr/bin/env python3
"""Servers that are found: two machines with an avahi-daemon each, and multicast on the cable between them."""
import os
import subprocess

import journey
import network

STRANGER = """<?xml version="1.0" standalone='no'?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>{name}</name><service><type>_cantiga._tcp</type><port>1</port>{texts}</service></service-group>"""
STRANGERS = [
    STRANGER.format(name="No pin", texts="<txt-record>protocol=1</txt-record>"),
    STRANGER.format(name="Bad pin", texts="<txt-record>protocol=1</txt-record><txt-record>pin=AAAA</txt-record>"),
    STRANGER.format(name="Another protocol", texts="<txt-record>protocol=2</txt-record><txt-record>pin=" + "A" * 43 + "</txt-record>"),
    STRANGER.format(name="Dressed up", texts="<txt-record>protocol=1</txt-record><txt-record>pin=" + "A" * 43 + "</txt-record>"
                    "<txt-record>name=A\x1b".replace("\x1b", "\u009b") + "31mB</txt-record>"),
]


class Network(journey.Place):
    def __init__(self):
        super().__init__()
        self.box = network.Machine(self, "box", "10.77.0.1")
        self.desk = network.Machine(self, "desk", "10.77.0.2", STRANGERS)
        network.join(self.box, self.desk)
        self.following = self.link = None

    def serve_box(self, state=None, env=None):
        return self.serve(state=state, host="0.0.0.0", prefix=self.box.prefix, env={**self.box.env, **(env or {})})

    def find(self):
        """What a player on the desk finds, without the stranger that is no worse than others."""
        ran = self.desk.run("cantiga-play", "--find", "--json", env=self.desk.env, ok=None)
        journey.holds(ran.status in (journey.DONE, journey.NOT_FOUND), f"cantiga-play --find: {ran.err}")
        return [found for found in ran.jsons if found["name"] != "A 31mB"]

    def tell(self):
        ran = [each for machine in (self.box, self.desk) for each in (machine.bus, machine.avahi) if each is not None]
        told = "".join(f"{each.arguments[0]}: {each.err[-1500:]}\n" for each in ran)
        return super().tell() + "\n" + told + (self.following.out if self.following else "")

    def until_found(self, n, what):
        return journey.until(lambda: (found := self.find()) and len(found) == n and found, what, 60)


@journey.test("without Avahi a server says so once, and serves")
def _(place):
    place.init("Caixa")
    server = place.serve_box()
    journey.until(lambda: "Avahi does not announce this server" in server.log, "the server says that there is no Avahi")
    journey.contains(place.box.run("cantiga-play", "--find", ok=journey.FAILED, env=place.box.env).sentence, "Avahi does not run", "the player")
    place.box.start_bus()
    journey.equal(server.log.count("Avahi"), 1, "how often it is said")
    place.box.run("python3", "-c", f"import urllib.request as r; assert r.urlopen('http://10.77.0.1:{server.port}/api/pair').status == 200")


@journey.test("when Avahi comes, a server that runs already is found by a player on another machine")
def _(place):
    place.desk.start_bus()
    for machine in (place.box, place.desk):
        machine.start_avahi()
    found = place.until_found(1, "the server is found")[0]
    journey.equal(found["url"], f"http://10.77.0.1:{place.server.port}", "the address")
    journey.equal(found["host"], "box.local", "the host")
    journey.equal(found["pairing"], False, "whether it is pairing")
    place.link = place.ctl("invite", "Ana", "--url", found["url"]).out.strip()
    journey.contains(place.link, "." + found["pin"], "the invitation")


@journey.test("what strangers announce is passed over, and what they call themselves cannot move the terminal")
def _(place):
    names = sorted(found["name"] for found in place.desk.run("cantiga-play", "--find", "--json", env=place.desk.env).jsons)
    journey.equal(names, ["A 31mB", "Caixa"], "what is found")


@journey.test("an open invitation is announced, and its end")
def _(place):
    follow = os.path.join(journey.BUILD, "tests/client/follow-discovery")
    place.following = place.desk.start(follow, stdin=subprocess.PIPE)
    url = f"http://10.77.0.1:{place.server.port}"
    journey.until(lambda: f"+ Caixa {url} pairing" in place.following.out or f"= Caixa {url} pairing" in place.following.out, "the invitation is seen")
    journey.until(lambda: "state following" in place.following.out, "the first answers are in")
    paired = journey.Player(place, "ana", None).start("--invitation", place.link, "--list", prefix=place.desk.prefix)
    journey.until(lambda: f"= Caixa {url} closed" in place.following.out, "the invitation's end is seen")
    paired.end()


@journey.test("two servers of one name are both found")
def _(place):
    other = place.path("other")
    place.init("Caixa", state=other)
    first = place.server
    second = place.serve_box(state=other)
    found = place.until_found(2, "both are found")
    journey.equal(sorted(each["url"] for each in found), sorted(f"http://10.77.0.1:{server.port}" for server in (first, second)), "where they are")
    journey.equal(len({each["pin"] for each in found}), 2, "how many pins")
    second.stop()
    place.until_found(1, "the one that stopped is not found any more")
    journey.until(lambda: f"- Caixa http://10.77.0.1:{second.port}" in place.following.out, "it leaves the list of who follows")
    place.server = first


@journey.test("an avahi-daemon that is started again announces and follows again")
def _(place):
    lines = len(place.following.out.splitlines())
    place.box.stop_avahi()
    place.desk.stop_avahi()
    journey.until(lambda: "state absent" in place.following.out.splitlines()[lines:], "the player sees that Avahi is gone")
    place.box.start_avahi()
    place.desk.start_avahi()
    url = f"http://10.77.0.1:{place.server.port}"
    journey.until(lambda: any(line.startswith(f"+ Caixa {url}") for line in place.following.out.splitlines()[lines:]), "it is found again", 60)


@journey.test("a bus that is started again is found again")
def _(place):
    lines = len(place.following.out.splitlines())
    for machine in (place.box, place.desk):
        machine.stop_avahi()
        machine.kill_bus()
    journey.until(lambda: "state absent" in place.following.out.splitlines()[lines:], "the player sees that the bus is gone")
    for machine in (place.box, place.desk):
        machine.start_bus()
        machine.start_avahi()
    url = f"http://10.77.0.1:{place.server.port}"
    journey.until(lambda: any(line.startswith(f"+ Caixa {url}") for line in place.following.out.splitlines()[lines:]), "it is found again", 90)
    place.following.process.stdin.close()
    place.following.wait()


@journey.test("a server that shall not be found is not")
def _(place):
    place.server.stop()
    place.serve_box(env={"CANTIGA_SERVER_DISCOVERY": "no"})
    journey.until(lambda: place.find() == [], "nothing is found", 60)
    journey.holds("Avahi" not in place.server.log, "the server speaks of Avahi")
    place.server.stop()


if __name__ == "__main__":
    network.enter()
    journey.main(Network)
