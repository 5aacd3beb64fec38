#!/usr/bin/python3
"""An invitation lets one player in, once, to the server that it names and no other."""
import base64
import os
import shutil

import journey
from journey import REFUSED, contains, equal, holds


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.add(self.tone("One.mp3"))
        self.serve()
        self.ana = self.card("ANA MARIA DOS SANTOS")


def changed(link, part, at=5):
    """The link with one character of its id, secret or pin changed."""
    head, _, tail = link.partition("#")
    parts = tail.split(".")
    parts[part] = parts[part][:at] + ("A" if parts[part][at] != "A" else "B") + parts[part][at + 1:]
    return head + "#" + ".".join(parts)


@journey.test("a link is as the specification says, alone on stdout")
def _(place):
    link = place.invite("one")
    head, _, tail = link.partition("#")
    equal(head, f"cantiga://127.0.0.1:{place.server.port}/", "where it leads")
    equal([len(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in tail.split(".")], [16, 32, 32], "lengths of id, secret and pin")
    holds("\n" not in link, f"more than the link: {link}")


@journey.test("a link works once; the second use is refused and changes nothing")
def _(place):
    link = place.invite("first")
    first = place.player(place.ana, "first", paired=False)
    equal(len(first.pair(link).json), 1, "titles")
    second = place.player(place.ana, "second", paired=False)
    contains(second.pair(link, ok=REFUSED).sentence, "invitation")
    # The player that is in stays in, with its keys.
    contains(first.pair(link, ok=REFUSED).sentence, "invitation")
    equal(len(first.list()), 1, "titles")
    equal([player["name"] for player in place.ctl("players", "list", "--json").json].count("first"), 1, "the players' names")


@journey.test("a link that was changed is refused, whatever was changed, and the true one still works")
def _(place):
    link = place.invite("changed")
    player = place.player(place.ana, "changed", paired=False)
    for part in 0, 1, 2:
        player.pair(changed(link, part), ok=REFUSED)
    for broken in (link[:-1], link + "A", link.replace(".", ",", 1), link.replace("#", "?"), link.replace("cantiga:", "https:"), "cantiga://", "nonsense", " "):
        ran = player.pair(broken, ok=None)
        holds(ran.status in (REFUSED, journey.USAGE), f"“{broken}” ended with {ran.status}: {ran.err}")
        holds(ran.sentence, "no reason")
    equal([name for name in os.listdir(player.folder) if os.path.isdir(os.path.join(player.folder, name))], [], "pairings kept of them")
    equal(len(player.pair(link).json), 1, "titles after the true link")


@journey.test("a link says where it leads: nobody there, or another server there, is told apart")
def _(place):
    link = place.invite("elsewhere")
    state = place.path("other")
    place.init("Another box", state=state)
    mine, port = place.server, place.server.port
    mine.stop()
    player = place.player(place.ana, "elsewhere", paired=False)
    contains(player.pair(link, ok=journey.FAILED).sentence, "cannot be reached")
    other = place.serve(state=state, port=port)
    contains(player.pair(link, ok=REFUSED).sentence, "invitation")
    other.stop()
    # Nor does a player that is paired already let another server in the place of its own.
    place.serve(port=port)
    player.pair(link)
    place.server.stop()
    other = place.serve(state=state, port=port)
    holds(player.run("--list", ok=REFUSED).sentence, "no reason")
    other.stop()
    place.serve(port=port)
    equal(len(player.list()), 1, "titles of the true server")


@journey.test("a player of another server's authority is refused")
def _(place):
    player = place.player(place.ana, "stranger")
    state = place.path("other")
    # The other server takes over everything that players can see of the first but its keys.
    port = place.server.port
    place.server.stop()
    pki = os.path.join(state, "pki")
    for name in os.listdir(pki):
        if name.endswith(".pem") and name.startswith("authority"):
            shutil.copy(os.path.join(place.state, "pki", name), os.path.join(pki, name))
    ran = place.run("cantiga-server", "--state", state, "--listen", f"127.0.0.1:{port}", "--ready-fd", "999", ok=None, limit=10)
    holds(ran.status in (journey.FAILED, journey.USAGE), f"it ended with {ran.status}")
    holds(ran.sentence, "no reason")
    place.serve(port=port)
    equal(len(player.list()), 1, "titles of the true server")


@journey.test("an invitation with --card enrols the first card shown, and only that")
def _(place):
    rui = place.card("RUI PEDRO DA COSTA", "rsa", enrolled=False)
    eva = place.card("EVA NUNES", enrolled=False)
    player = place.player(rui, "with card", paired=False)
    equal(len(player.pair(place.invite("with card", "--card")).json), 1, "titles")
    equal([card["name"] for card in place.ctl("cards", "list", "--json").json].count("RUI PEDRO DA COSTA"), 1, "the cards' names")
    equal(len(player.list()), 1, "titles in the next session")
    contains(player.run("--list", card=eva, ok=REFUSED).sentence, "does not know the card")
    # Without --card nobody is enrolled.
    plain = place.player(eva, "without card", paired=False)
    contains(plain.pair(place.invite("without card"), ok=REFUSED).sentence, "does not know the card")


@journey.test("an invitation cannot be given more time in the ledger")
def _(place):
    link = place.invite("late")
    player = place.player(place.ana, "late", paired=False)
    place.run("/usr/bin/sqlite3", os.path.join(place.state, "ledger.sqlite"), "UPDATE invitations SET expires = expires + 1000000")
    holds(player.pair(link, ok=None).status in (journey.FAILED, REFUSED), "it was let in")
    place.ctl("verify", ok=journey.FAILED)


if __name__ == "__main__":
    journey.main(Place)
